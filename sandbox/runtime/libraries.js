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

function installLibraries() {
  if (LIBRARIES !== "") {
    watchAddress(HTMLScriptElement.prototype, "src");
    watchAddress(HTMLLinkElement.prototype, "href");
  }
}
