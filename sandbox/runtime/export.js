// What an exported file has in the bridge's place: storage under its own prefix, since files
// opened from disk share one store, and storage in memory where the browser refuses.

// A store over the browser's own, seeing only the keys that begin with `prefix`.
function prefixedStore(real, prefix) {
  const own = () =>
    Array.from({ length: real.length }, (_, index) => real.key(index)).filter((key) =>
      key.startsWith(prefix),
    );
  return {
    keys: () => own().map((key) => key.slice(prefix.length)),
    get: (key) => real.getItem(prefix + key),
    set: (key, value) => real.setItem(prefix + key, value),
    remove: (key) => real.removeItem(prefix + key),
    clear: () => own().forEach((key) => real.removeItem(key)),
  };
}

// Methods are taken before they are replaced on the prototype.
function nativeStorage(name) {
  let real;
  try {
    real = window[name];
    real.getItem("");
  } catch {
    // Storage is refused here (an opaque origin, or switched off): memory has to do.
    return null;
  }
  const { getItem, setItem, removeItem, key } = Storage.prototype;
  const length = Object.getOwnPropertyDescriptor(Storage.prototype, "length").get;
  return {
    getItem: getItem.bind(real),
    setItem: setItem.bind(real),
    removeItem: removeItem.bind(real),
    key: key.bind(real),
    get length() {
      return length.call(real);
    },
  };
}

function storeFor(name) {
  const real = nativeStorage(name);
  return real === null ? memoryStore(new Map(), () => {}) : prefixedStore(real, STORAGE_PREFIX);
}

function cookiesThrow() {
  try {
    return typeof document.cookie !== "string";
  } catch {
    return true;
  }
}

installStorage({
  localStorage: storeFor("localStorage"),
  sessionStorage: storeFor("sessionStorage"),
});
if (cookiesThrow()) {
  installCookies();
}
document.currentScript.remove();
