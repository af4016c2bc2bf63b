// Downloads go through the page around the tool: a sandbox that allows none lets no link, click or
// key of any engine save (and so ask a server for) anything. The page writes the file.

const NativeAnchor = HTMLAnchorElement;
const NativeArea = HTMLAreaElement;
const NativeUrl = URL;
const fetchNative = window.fetch.bind(window);
const blobOf = unbound(Response.prototype.blob);
const sizeOf = getter(Blob.prototype, "size");
const chain = unbound(Promise.prototype.then);
const attributeOf = unbound(Element.prototype.getAttribute);
const hrefOf = getter(NativeUrl.prototype, "href");
const baseUriOf = getter(Node.prototype, "baseURI");
const isInDocument = getter(Node.prototype, "isConnected");
const composedPathOf = unbound(Event.prototype.composedPath);
const typeOf = getter(Event.prototype, "type");
const isPreventedOf = getter(Event.prototype, "defaultPrevented");
const preventOf = unbound(Event.prototype.preventDefault);
const afterwards = window.setTimeout.bind(window);
const { defineProperty: defineOn } = Reflect;
// What a link can point to; a tool often takes the address back at once after the click.
const blobs = new Map();
const [getBlob, setBlob, dropBlob] = ["get", "set", "delete"].map((name) =>
  Map.prototype[name].bind(blobs),
);

// The address that a link would save, or null.
function savedAddress(node) {
  if (!(node instanceof NativeAnchor || node instanceof NativeArea)) {
    return null;
  }
  const href = attributeOf(node, "href");
  if (href === null || attributeOf(node, "download") === null) {
    return null;
  }
  try {
    const url = hrefOf(new NativeUrl(href, baseUriOf(node)));
    return exec(/^(?:blob|data):/, url) === null ? null : url;
  } catch {
    return null;
  }
}

// The bytes are asked for at once: in a moment the address may be gone.
function bytesOf(url) {
  const known = getBlob(url);
  return known ? (use) => use(known) : (use) => chain(
    fetchNative(url), (response) => chain(blobOf(response), use), () => {},
  );
}

// Saves after the tool's own listeners, unless one of them prevents it.
function saveOnClick(event, node, url) {
  const read = bytesOf(url);
  const name = cut(attributeOf(node, "download"));
  let prevented = isPreventedOf(event);
  preventOf(event);
  const show = (key, descriptor) => defineOn(event, key, { ...descriptor, configurable: true });
  show("preventDefault", { value() { prevented = true; } });
  show("defaultPrevented", { get: () => prevented });
  show("returnValue", { get: () => !prevented, set(value) { prevented ||= !value; } });
  afterwards(() => {
    if (!prevented) {
      read((blob) => {
        // Throws for anything else, which a `then` of the tool's for all objects could have put here.
        sizeOf(blob);
        deliver({ type: "download", name, blob });
      });
    }
  });
}

function onSaveClick(event) {
  const path = composedPathOf(event);
  for (let index = 0; index < path.length; index += 1) {
    const url = savedAddress(path[index]);
    if (url !== null) {
      saveOnClick(event, path[index], url);
      return;
    }
  }
}

// A click on a link outside of the document meets no listener of the window's.
function listenOutside(node) {
  if (savedAddress(node) !== null && !isInDocument(node)) {
    addListener(node, "click", onSaveClick, { capture: true, once: true });
  }
}

function watchDownloads() {
  addListener(window, "click", onSaveClick, true);
}

function wrapMethod(owner, name, before) {
  const descriptor = getOwnPropertyDescriptor(owner, name);
  const native = descriptor.value;
  const wrapped = {
    [name](...given) {
      before(this, given);
      return apply(native, this, given);
    },
  };
  defineOn(owner, name, { ...descriptor, value: wrapped[name] });
}

function installDownloads() {
  watchDownloads();
  const create = NativeUrl.createObjectURL;
  const made = {
    createObjectURL(object) {
      const url = apply(create, NativeUrl, [object]);
      if (object instanceof Blob) {
        setBlob(url, object);
      }
      return url;
    },
    revokeObjectURL(url) {
      const text = toText(url);
      dropBlob(text);
      revokeStarted(text);
    },
  };
  NativeUrl.createObjectURL = made.createObjectURL;
  NativeUrl.revokeObjectURL = made.revokeObjectURL;
  wrapMethod(HTMLElement.prototype, "click", listenOutside);
  wrapMethod(EventTarget.prototype, "dispatchEvent", (node, given) => {
    if (node !== window && given[0] instanceof Event && typeOf(given[0]) === "click") {
      listenOutside(node);
    }
  });
}
