// Chromium lets a document without an origin of its own, and one of a file, change nothing of its address
// but the fragment. A tool that keeps its view in the query gets its entry all the same, without the query.

function installHistory() {
  const { prototype } = History;
  const allowed = (address) => {
    try {
      const { protocol, host, hash } = new URL(address, document.baseURI);
      const isOwn = protocol === location.protocol && host === location.host;
      return isOwn ? location.href.split("#")[0] + hash : address;
    } catch {
      return address;
    }
  };
  for (const name of ["pushState", "replaceState"]) {
    const native = prototype[name];
    const own = {
      [name](...given) {
        try {
          native.apply(this, given);
        } catch (error) {
          if (error.name !== "SecurityError") {
            throw error;
          }
          native.apply(this, [given[0], given[1], allowed(given[2])]);
        }
      },
    };
    prototype[name] = own[name];
  }
}
