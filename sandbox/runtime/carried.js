// What an exported file carries of public libraries, for what its scripts ask a CDN for: modules by
// an import map, scripts, styles, workers and data by the address that they are asked for with.

const carried = JSON.parse(document.currentScript.previousElementSibling.textContent);
document.currentScript.previousElementSibling.remove();
const makeUrl = URL.createObjectURL.bind(URL);
const revokeUrl = URL.revokeObjectURL.bind(URL);
const afterwards = window.setTimeout.bind(window);
const NativeWorker = window.Worker;
const STARTING = 10_000;
const urls = [];
const named = { __proto__: null };
const made = { __proto__: null };

function urlOf(at) {
  if (urls[at] === undefined) {
    const [type, text, coded] = carried.files[at];
    const body = coded ? Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)) : text;
    urls[at] = makeUrl(new Blob([body], { type }));
    made[urls[at]] = true;
  }
  return urls[at];
}

function whole(address) {
  const found = exec(/^\s*(?:https?:)?(\/\/[^#]+)/, toText(address));
  return found ? `https:${found[1]}` : "";
}

function known(address) {
  return carried.addresses[whole(address)];
}

// By its address on a stack a library finds its other files.
function textOf(at, address) {
  const [type, text] = carried.files[at];
  return exec(/^text\/javascript/, type) ? `${text}\n//# sourceURL=${address}` : text;
}

function toOurs(address) {
  const at = known(address);
  if (at === undefined || carried.files[at][2]) {
    return at === undefined ? toText(address) : urlOf(at);
  }
  const name = whole(address);
  if (named[name] === undefined) {
    named[name] = makeUrl(new Blob([textOf(at, name)], { type: carried.files[at][0] }));
    made[named[name]] = true;
  }
  return named[name];
}

// What stands in a string that is markup has its file in the address.
function isOurs(address) {
  return address in made || slice(address, 0, 5) === "data:";
}

// A script that the document loads is run where it stands, by an element of its own, which is gone before
// anybody looks; all that a script may read of itself is as it was.
function runScript(at, address) {
  const given = document.currentScript;
  const script = document.createElement("script");
  for (const { name, value } of given.attributes) {
    if (name !== "src" && name !== "type" && slice(name, 0, 2) !== "on") {
      script.setAttribute(name, value);
    }
  }
  script.text = textOf(at, address);
  given.after(script);
  script.remove();
}

function mapImports() {
  const mapped = (names) =>
    Object.fromEntries(
      Object.entries(names).map(([name, to]) => [
        name,
        Object.hasOwn(carried.modules, to) ? urlOf(carried.modules[to]) : to,
      ]),
    );
  const own = Object.keys(carried.modules).map((name) => [name, name]);
  const scopes = Object.entries(carried.scopes).map(([scope, names]) => [scope, mapped(names)]);
  const imports = mapped({ ...Object.fromEntries(own), ...carried.imports });
  const map = document.createElement("script");
  map.type = "importmap";
  map.textContent = JSON.stringify({ imports, scopes: Object.fromEntries(scopes) });
  document.currentScript.after(map);
  map.remove();
}

function dataUrl(at, address) {
  const [type, text, coded] = carried.files[at];
  return `data:${type.replace(" ", "")}${coded ? `;base64,${text}` : `,${encodeURIComponent(textOf(at, address))}`}`;
}

// Runs in a worker, and is written into its script.
function beginWorker(table) {
  const { importScripts: load, fetch: ask } = self;
  const find = (address) => table[String(address).replace(/^\s*(?:https?:)?\/\//, "https://")] ?? address;
  self.importScripts = (...addresses) => load.apply(self, addresses.map(find));
  self.fetch = (address, ...rest) => ask.call(self, find(address), ...rest);
}

function loaded(url) {
  const request = new XMLHttpRequest();
  request.open("GET", url, false);
  request.send();
  return request.responseText;
}

// A worker of a file has no import map and, in Chromium, finds no blob: it gets texts and `data:` addresses.
function startWorker(given, target) {
  const at = known(given[0]);
  const isModule = given[1] && toText(given[1].type) === "module";
  const start = (address) => Reflect.construct(NativeWorker, [address, given[1]], target);
  if (isModule || (at === undefined && !/^(?:blob|data):/.test(given[0]))) {
    return start(at === undefined ? given[0] : dataUrl(at, whole(given[0])));
  }
  const names = Object.keys(carried.addresses);
  const table = Object.fromEntries(names.map((name) => [name, dataUrl(carried.addresses[name], name)]));
  const script = at === undefined ? loaded(given[0]) : textOf(at, whole(given[0]));
  const text = `(${beginWorker})(${JSON.stringify(table)});\n${script}`;
  const url = makeUrl(new Blob([text], { type: "text/javascript" }));
  const worker = start(url);
  afterwards(() => revokeUrl(url), STARTING);
  return worker;
}

function watchLoads() {
  watchAddress(HTMLScriptElement.prototype, "src");
  watchAddress(HTMLLinkElement.prototype, "href");
  watchMarkup();
  const { fetch, XMLHttpRequest } = window;
  const { open } = XMLHttpRequest.prototype;
  window.fetch = function fetchOurs(address, ...rest) {
    const at = known(address);
    return fetch.call(window, at === undefined ? address : urlOf(at), ...rest);
  };
  XMLHttpRequest.prototype.open = function openOurs(method, address, ...rest) {
    const at = known(address);
    return open.call(this, method, at === undefined ? address : urlOf(at), ...rest);
  };
  window.Worker = new Proxy(NativeWorker, {
    construct: (_native, given, target) => startWorker(given, target),
  });
  NativeWorker.prototype.constructor = window.Worker;
}

Object.defineProperty(window, "__carried", { value: runScript });
mapImports();
watchLoads();
