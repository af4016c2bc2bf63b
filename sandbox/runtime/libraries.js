// Addresses of CDNs that only come to be at run time: the server has changed those that it could
// read in the document. They lead to the libraries of the frame's origin, by the CDN's own name.

// The server writes these: the libraries' folder, or nothing where there is none, and the names.
const LIBRARIES = "{libraries}";
const cdns = { __proto__: null };
split("{cdns}", " ").forEach((name) => {
  cdns[name] = true;
});

function isOurs(address) {
  return LIBRARIES !== "" && slice(address, 0, LIBRARIES.length) === LIBRARIES;
}

function toOurs(address) {
  const text = toText(address);
  const found = exec(/^\s*(?:https?:)?\/\/([^/?#]+)([^]*)$/, text);
  return LIBRARIES !== "" && found && found[1] in cdns ? `${LIBRARIES}cdn/${found[1]}${found[2]}` : text;
}

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

function installLibraries() {
  if (LIBRARIES !== "") {
    watchAddress(HTMLScriptElement.prototype, "src");
    watchAddress(HTMLLinkElement.prototype, "href");
  }
}
