// What an exported file has in the bridge's place: storage and databases under its own prefix, since
// files opened from disk share one store, storage in memory where the browser refuses, and a history.

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

function storeOver(real) {
  return real === null ? memoryStore(new Map(), () => {}) : prefixedStore(real, STORAGE_PREFIX);
}

// The browser's own databases, under names that no other file uses; the tool sees its own names.
function prefixDatabases(prefix) {
  const factory = IDBFactory.prototype;
  const { open, deleteDatabase, databases } = factory;
  const nameOf = Object.getOwnPropertyDescriptor(IDBDatabase.prototype, "name").get;
  factory.open = function openOwn(name, ...version) {
    return open.call(this, prefix + name, ...version);
  };
  factory.deleteDatabase = function deleteOwn(name) {
    return deleteDatabase.call(this, prefix + name);
  };
  factory.databases = async function listOwn() {
    const all = await databases.call(this);
    const own = all.filter(({ name }) => name.startsWith(prefix));
    return own.map(({ name, version }) => ({ name: name.slice(prefix.length), version }));
  };
  Object.defineProperty(IDBDatabase.prototype, "name", {
    get() {
      return nameOf.call(this).slice(prefix.length);
    },
    enumerable: true,
    configurable: true,
  });
}

function cookiesThrow() {
  try {
    return typeof document.cookie !== "string";
  } catch {
    return true;
  }
}

const realLocal = nativeStorage("localStorage");
const localStore = storeOver(realLocal);
installStorage({
  localStorage: localStore,
  sessionStorage: storeOver(nativeStorage("sessionStorage")),
});
if (window.IDBFactory) {
  prefixDatabases(STORAGE_PREFIX);
}
installHistory();
installSockets();
if (cookiesThrow()) {
  installCookies();
}
