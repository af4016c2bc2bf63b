// A WebSocket that the policy refuses says that there is an error, and in Chromium never that it is closed,
// for which a tool may wait to try again or to say that it is offline.

function installSockets() {
  const { setTimeout: later, CloseEvent: Closed } = window;
  window.WebSocket = new Proxy(window.WebSocket, {
    construct(native, given, made) {
      const socket = Reflect.construct(native, given, made);
      let isClosed = false;
      socket.addEventListener("close", () => { isClosed = true; });
      socket.addEventListener("error", () => later(() => {
        if (!isClosed) {
          socket.dispatchEvent(new Closed("close", { code: 1006 }));
        }
      }));
      return socket;
    },
  });
  window.WebSocket.prototype.constructor = window.WebSocket;
}
