// In the place of databases that cannot be had, since the library was not fetched.
(() => () => ({
  accept() {},
  perform(name, parameters, request, calls) {
    if (name === "databases") {
      request([]);
      return;
    }
    const event = Object.defineProperty(new Event("error"), "target", { value: request });
    const error = new DOMException("The library for databases is not here.", "UnknownError");
    Object.defineProperty(request, "error", { value: error });
    Object.defineProperty(request, "result", { value: undefined });
    request.readyState = "done";
    setTimeout(() => {
      request.onerror?.(event);
      calls
        .filter(([, [type]]) => type === "error")
        .forEach(([, [, listener]]) => listener.call(request, event));
    });
  },
}))()
