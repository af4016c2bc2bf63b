// The library's objects become objects of the browser's own classes, which a tool and its libraries
// may have looked at before: what the library can do moves to the browser's prototypes.

const GRAFTED = [
  ["IDBCursor", FDBCursor],
  ["IDBCursorWithValue", FDBCursorWithValue],
  ["IDBDatabase", FDBDatabase],
  ["IDBIndex", FDBIndex],
  ["IDBObjectStore", FDBObjectStore],
  ["IDBRecord", FDBRecord],
  ["IDBOpenDBRequest", FDBOpenDBRequest],
  ["IDBRequest", FDBRequest],
  ["IDBTransaction", FDBTransaction],
];
const dispatch = FakeEventTarget.prototype.dispatchEvent;
// The object that the next request is to be, in the place of a new one.
let adopted = null;

function graftClasses(completing) {
  FakeEventTarget.prototype.dispatchEvent = function dispatchEvent(event) {
    return this instanceof FDBTransaction && event.type === "complete"
      ? completing(this, () => tellAll(this, event))
      : tellAll(this, event);
  };
  fixRemoving();
  for (const [name, own] of GRAFTED.filter(([one]) => one in window)) {
    graft(window[name], own);
  }
  graftEvents();
  // Ranges are the browser's own from the first; those that the library makes never leave it.
  Object.defineProperty(FDBKeyRange, Symbol.hasInstance, {
    value: (range) => range instanceof IDBKeyRange || FDBKeyRange.prototype.isPrototypeOf(range),
  });
  Object.setPrototypeOf(FDBRequest, requestBase);
}

// What a handler throws is told as an error of the window's; those who fire an event for a
// transaction hear of it too, and abort.
function tellAll(target, event) {
  try {
    return dispatch.call(target, event);
  } catch (error) {
    if (!(error instanceof AggregateError)) {
      throw error;
    }
    error.errors.forEach((one) => reportError(one));
    const isOpening = target instanceof FDBOpenDBRequest;
    if (event.type === "upgradeneeded" || (target instanceof FDBRequest && !isOpening)) {
      throw error;
    }
    return true;
  }
}

// Removing what was never added would remove the last.
function fixRemoving() {
  const { removeEventListener } = FakeEventTarget.prototype;
  FakeEventTarget.prototype.removeEventListener = function remove(type, callback, options) {
    if (this.listeners.some((one) => one.type === type && one.callback === callback)) {
      removeEventListener.call(this, type, callback, options);
    }
  };
}

function graft(browsers, own) {
  const target = browsers.prototype;
  for (const name of Reflect.ownKeys(target)) {
    if (name !== "constructor" && name !== Symbol.toStringTag) {
      delete target[name];
    }
  }
  const isTarget = own.prototype instanceof FakeEventTarget;
  const sources = isTarget ? [FakeEventTarget.prototype, own.prototype] : [own.prototype];
  for (const source of sources) {
    for (const name of Reflect.ownKeys(source)) {
      if (name !== "constructor" && name !== Symbol.toStringTag) {
        Object.defineProperty(target, name, Object.getOwnPropertyDescriptor(source, name));
      }
    }
  }
  for (const name of Reflect.ownKeys(own.prototype)) {
    delete own.prototype[name];
  }
  Object.setPrototypeOf(own.prototype, target);
}

function graftEvents() {
  const fields = ["type", "bubbles", "cancelable", "newVersion", "oldVersion"];
  for (const name of fields) {
    Object.defineProperty(FakeEvent.prototype, name, { value: null, writable: true, configurable: true });
  }
  Object.setPrototypeOf(FakeEvent.prototype, Event.prototype);
  Object.defineProperty(IDBVersionChangeEvent, Symbol.hasInstance, {
    value: (event) => FDBVersionChangeEvent.prototype.isPrototypeOf(event),
  });
}

function requestBase() {
  const made = adopted ?? Reflect.construct(FakeEventTarget, [], new.target);
  adopted = null;
  return made;
}

// Makes a request that waited one of the library's, with all that listens to it.
function adopt(request, calls, perform) {
  const names = Object.keys(request).filter((name) => name.startsWith("on"));
  const handlers = names.map((name) => [name, request[name]]);
  for (const name of Reflect.ownKeys(request)) {
    delete request[name];
  }
  Object.setPrototypeOf(request, FDBOpenDBRequest.prototype);
  request.listeners = [];
  adopted = request;
  perform();
  Object.assign(request, Object.fromEntries(handlers));
  calls.forEach(([name, given]) => request[name](...given));
}
