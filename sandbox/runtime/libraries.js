// Addresses of CDNs that only come to be at run time: the server has changed those that it could
// read in the document. They lead to the libraries of the frame's origin, by the CDN's own name.

// The server writes these: the libraries' folder, or nothing where there is none, the names, and
// whether the browser takes several import maps.
const LIBRARIES = "{libraries}";
const CDNS = "{cdns}";
const MAPS = "{maps}";
const cdns = { __proto__: null };
split(CDNS, " ").forEach((name) => {
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

// A nested document has no hooks: what its text loads is changed in it, and an integrity taken back.
function leadNested(html) {
  if (LIBRARIES === "") {
    return html;
  }
  const loaded = /(<(?:script|link|img)\b[^<>]*?\s(?:src|href)\s*=\s*["']?|\burl\(["']?|\b(?:from|import)\s{0,9}\(?["'])(?:https?:)?\/\/([^/?#"'\s>]+)/gi;
  const led = swapped(html, loaded, (found) =>
    found[2] in cdns ? `${found[1]}${LIBRARIES}cdn/${found[2]}` : found[0]);
  return untied(led);
}

// What is imported by an address made at run time; no hook sees that.
function mapCdns() {
  const imports = {};
  for (const name in cdns) {
    imports[`https://${name}/`] = `${LIBRARIES}cdn/${name}/`;
  }
  const map = document.createElement("script");
  map.type = "importmap";
  map.textContent = JSON.stringify({ imports });
  document.currentScript.after(map);
  map.remove();
}

function installLibraries() {
  if (LIBRARIES !== "") {
    if (MAPS !== "") {
      mapCdns();
    }
    watchAddress(HTMLScriptElement.prototype, "src");
    watchAddress(HTMLLinkElement.prototype, "href");
    watchMarkup();
  }
}
