// A `document.cookie` that does not throw where the browser's own does: a jar in memory.

function installCookies() {
  const jar = new Map();
  const expired = (attributes) =>
    attributes.some((attribute) => {
      const [name, value = ""] = attribute.split("=");
      const kind = name.trim().toLowerCase();
      return (
        (kind === "max-age" && Number(value) <= 0) ||
        (kind === "expires" && Date.parse(value) <= Date.now())
      );
    });
  Object.defineProperty(Document.prototype, "cookie", {
    get: () => [...jar].map(([name, value]) => (name ? `${name}=${value}` : value)).join("; "),
    set(text) {
      const [pair, ...attributes] = `${text}`.split(";");
      const at = pair.indexOf("=");
      const name = at < 0 ? "" : pair.slice(0, at).trim();
      const value = pair.slice(at + 1).trim();
      if (expired(attributes)) {
        jar.delete(name);
      } else if (jar.size < 180 && name.length + value.length <= 4096) {
        jar.set(name, value);
      }
    },
    enumerable: true,
    configurable: true,
  });
}
