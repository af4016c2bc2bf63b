// Workers that would not start in an opaque origin, or not find a library. One of a library of ours: only
// a blob's address may start one, and its script may import the library. A classic worker made of a blob
// imports libraries, and fetches what they load, by addresses that only come to be in it: what leads them to
// us goes before its script, on the same line. A module worker made of a blob, in Chromium: it
// fetches the script without knowing the blob, and fails; what a classic worker made of a blob
// imports, it finds. So a classic one imports the module.

const NativeWorker = window.Worker;
const { construct } = Reflect;
const FileOfParts = Blob;
const makeUrl = NativeUrl.createObjectURL.bind(NativeUrl);
const revokeUrl = NativeUrl.revokeObjectURL.bind(NativeUrl);
// A tool often takes the address back at once, and a browser has read it by then.
const STARTING = 10_000;
const starting = { __proto__: null };

// Runs in the worker, and is written into its script. Messages wait until the module has set its
// listeners, as for a module worker: until it has run or waits for something itself, which is when
// what is imported behind it runs. In Chromium an event that was stopped cannot be sent again.
function beginModule(url) {
  const early = [];
  const hold = (event) => {
    event.stopImmediatePropagation();
    early.push(event);
  };
  addEventListener("message", hold);
  addEventListener("begun", () => setTimeout(() => {
    removeEventListener("message", hold);
    early.forEach((event) => dispatchEvent(new MessageEvent("message", event)));
  }), { once: true });
  import(url).catch(reportError);
  import(`data:text/javascript,import"${url}";import"data:text/javascript,dispatchEvent(new Event('begun'))"`).catch(() => {});
}

const BEGIN = `(${beginModule})`;

function keepStarting(url) {
  starting[url] = true;
  afterwards(() => delete starting[url], STARTING);
}

function startModule(url, options, made) {
  keepStarting(url);
  const type = "text/javascript";
  const script = makeUrl(new FileOfParts([`${BEGIN}("${url}")`], { type }));
  const worker = construct(NativeWorker, [script, { __proto__: options, type: "classic" }], made);
  revokeUrl(script);
  return worker;
}

function revokeStarted(url) {
  if (url in starting) {
    afterwards(() => revokeUrl(url), STARTING);
  } else {
    revokeUrl(url);
  }
}

// Runs in the worker, too.
function leadImports(folder, names) {
  const { importScripts: load, fetch: ask } = self;
  const lead = (address) => {
    const found = /^\s*(?:https?:)?\/\/([^/?#]+)([^]*)$/.exec(address);
    return found && names.includes(found[1]) ? `${folder}cdn/${found[1]}${found[2]}` : address;
  };
  self.importScripts = (...given) => load.apply(self, given.map(lead));
  self.fetch = async (address, ...rest) => {
    const text = typeof address === "string" || address instanceof URL ? `${address}` : "";
    const own = lead(text);
    const given = own === text ? null : await ask.call(self, own, ...rest);
    // What is not here is asked for where the tool has it: its origin may be granted.
    return given?.ok ? given : ask.call(self, address, ...rest);
  };
}

const LEAD = `(${leadImports})("${LIBRARIES}","${CDNS}".split(" "));`;

function startScript(script, options, made) {
  const url = makeUrl(new FileOfParts([LEAD, script], { type: "text/javascript" }));
  const worker = construct(NativeWorker, [url, options], made);
  afterwards(() => revokeUrl(url), STARTING);
  return worker;
}

function installWorkers() {
  const isChromium = navigator.vendor === "Google Inc.";
  window.Worker = new Proxy(NativeWorker, {
    construct(native, given, made) {
      const address = toOurs(given[0]);
      const url = isOurs(address) ? hrefOf(new NativeUrl(address)) : null;
      const blob = exec(/^blob:[\w:/.-]+$/, address);
      const isModule = given[1] && toText(given[1].type) === "module";
      if (isModule && (url || (blob && isChromium))) {
        return startModule(url ?? blob[0], given[1], made);
      }
      if (blob) {
        // WebKit reads it some time later.
        keepStarting(blob[0]);
      }
      const script = url ? `importScripts("${url}")` : !isModule && LIBRARIES !== "" && getBlob(address);
      return script ? startScript(script, given[1], made) : construct(native, given, made);
    },
  });
  NativeWorker.prototype.constructor = window.Worker;
}
