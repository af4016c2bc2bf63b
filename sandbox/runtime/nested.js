// A document nested in the tool has an opaque origin of its own, into which the tool cannot reach. What it
// reads there is a twin of the same text, in which nothing runs or loads; what it writes into the twin, or
// changes of it, comes into the nested document.

function installNested() {
  const { prototype } = HTMLIFrameElement;
  const found = getOwnPropertyDescriptor(prototype, "contentDocument");
  const known = new WeakMap();
  const parse = (html) => new DOMParser().parseFromString(html, "text/html");

  const makeTwin = (frame, text) => {
    const own = parse(text);
    const twin = { own, text };
    // Since it was opened; until it is closed, what is written comes after it.
    let written = null;
    let isDue = false;
    const put = (html) => {
      observer.takeRecords();
      frame.srcdoc = html;
      twin.text = html;
    };
    const observer = new MutationObserver(() => put(own.documentElement.outerHTML));
    const flush = () => {
      if (isDue) {
        isDue = false;
        own.replaceChild(own.adoptNode(parse(written).documentElement), own.documentElement);
        put(written);
      }
    };
    const write = (...parts) => {
      written = (written ?? "") + parts.join("");
      if (!isDue) {
        isDue = true;
        queueMicrotask(flush);
      }
    };
    Object.assign(own, {
      open() {
        written = "";
        return own;
      },
      write,
      writeln: (...parts) => write(...parts, "\n"),
      close() {
        flush();
        written = null;
      },
    });
    observer.observe(own, {
      subtree: true, childList: true, attributes: true, characterData: true,
    });
    return twin;
  };

  const get = function contentDocument() {
    const source = this.getAttribute("src");
    const native = apply(found.get, this, []);
    if (native || !this.isConnected || (source && source !== "about:blank")) {
      return native;
    }
    const text = nestedText(this.getAttribute("srcdoc") ?? "");
    let twin = known.get(this);
    if (!twin || twin.text !== text) {
      twin = makeTwin(this, text);
      known.set(this, twin);
    }
    return twin.own;
  };
  defineProperty(prototype, "contentDocument", { ...found, get });
}
