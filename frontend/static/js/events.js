const KINDS = ["state", "prose", "document", "reasoning", "usage", "progress", "report", "end"];

/**
 * The page's one event connection. The browser resumes it by Last-Event-ID; where it gives up,
 * or the page comes back from sleep, it is opened again after the last event that was seen.
 * @param {{artifact: string, after: string | null, handle: (kind: string, data: object) => void,
 *          connected: (yes: boolean) => void}} options
 */
export function events({ artifact, after, handle, connected }) {
  let source = null;
  let last = after;
  let retry = 0;

  function open() {
    clearTimeout(retry);
    source?.close();
    const query = last === null || last === undefined ? "" : `?after=${encodeURIComponent(last)}`;
    source = new EventSource(`/api/artifacts/${artifact}/events${query}`);
    source.addEventListener("open", () => connected(true));
    source.addEventListener("error", () => {
      connected(false);
      if (source.readyState === EventSource.CLOSED) retry = setTimeout(open, 2000);
    });
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        if (event.lastEventId) last = event.lastEventId;
        handle(kind, JSON.parse(event.data));
      });
    }
  }

  open();
  addEventListener("pagehide", () => {
    clearTimeout(retry);
    source.close();
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) open();
  });
  addEventListener("online", () => {
    if (source.readyState !== EventSource.OPEN) open();
  });
}
