// Addresses that a script gives to an element, changed on their way: `toOurs` says into what, and
// `isOurs` knows it again.

// An integrity is that of the CDN's file; ours is checked by the server.
function watchAddress(owner, name) {
  const { defineProperty } = Reflect;
  const lower = unbound(String.prototype.toLowerCase);
  const put = unbound(owner.setAttribute);
  const remove = unbound(owner.removeAttribute);
  const address = getter(owner, name);
  const lead = (element, given) => {
    const text = toOurs(given);
    put(element, name, text);
    if (isOurs(text)) {
      remove(element, "integrity");
    }
  };
  const define = (key, set) =>
    defineProperty(owner, key, { ...getOwnPropertyDescriptor(owner, key), set });
  define(name, function set(value) {
    lead(this, value);
  });
  define("integrity", function set(value) {
    if (!isOurs(address(this))) {
      put(this, "integrity", value);
    }
  });
  owner.setAttribute = function setAttribute(key, value) {
    const known = lower(toText(key));
    if (known === name) {
      lead(this, value);
    } else if (known !== "integrity" || !isOurs(address(this))) {
      put(this, key, value);
    }
  };
}
