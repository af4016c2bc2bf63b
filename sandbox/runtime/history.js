// A file may change no more of its address than its query and fragment. A tool that keeps its view in the
// path gets its entry all the same, without the path.

function installHistory() {
  const { prototype } = History;
  const allowed = (address) => {
    try {
      const { protocol, search, hash } = new URL(address, document.baseURI);
      return protocol === location.protocol ? `${location.pathname}${search}${hash}` : address;
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
