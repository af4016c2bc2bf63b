// IndexedDB, which throws in an opaque origin. A tool that opens no database pays for none: at the
// first use the page sends what databases/ makes of the library, and all that is kept. Requests
// made until then wait. All classes stay the browser's own.

const { eval: evaluate } = window;

// `box` takes changes to save, as `outbox` makes one. Returns what hears of other windows' changes.
function installIndexed(box) {
  const waiting = [];
  let library = null;
  const perform = (...call) => {
    if (library) {
      library.perform(...call);
    } else if (waiting.push(call) === 1) {
      deliver({ type: "indexed" });
    }
  };
  const request = (name, ...given) => {
    const calls = [];
    const made = pendingRequest(calls);
    perform(name, given, made, calls);
    return made;
  };
  const value = Object.create(Object.assign(IDBFactory.prototype, {
    open(name, version) {
      if (!(version === undefined || version >= 1)) {
        throw new TypeError("The version is not positive.");
      }
      return request("open", `${name}`, version);
    },
    deleteDatabase: (name) => request("deleteDatabase", `${name}`),
    databases: () => new Promise((done) => perform("databases", [], done)),
    cmp(one, other) {
      const { only, lowerBound } = IDBKeyRange;
      return only(one).includes(other) ? 0 : lowerBound(one).includes(other) ? -1 : 1;
    },
  }));
  defineProperty(window, "indexedDB", { value, enumerable: true, configurable: true });
  listen("indexed", ({ code, kept, quota }) => {
    library ??= evaluate(code)(box, kept, quota);
    waiting.splice(0).forEach((call) => library.perform(...call));
  });
  return (changes) => library?.accept(changes);
}

// What `open` returns before there is anything to open: the library makes it one of its own.
function pendingRequest(calls) {
  return {
    __proto__: IDBOpenDBRequest.prototype,
    readyState: "pending",
    source: null,
    transaction: null,
    onsuccess: null,
    onerror: null,
    onupgradeneeded: null,
    onblocked: null,
    get result() {
      return this.error;
    },
    get error() {
      throw new DOMException("It has not finished.", "InvalidStateError");
    },
    addEventListener: (...given) => calls.push(["addEventListener", given]),
    removeEventListener: (...given) => calls.push(["removeEventListener", given]),
  };
}
