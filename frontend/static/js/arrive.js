// From home to the workbench without a new document: the new page's body takes the place of this
// one, and its module begins. A navigation would throw away a warm page and start another one while
// the model is writing already.

/**
 * Goes to a tool's workbench, whose markup is `text`; what cannot be done in place is a navigation.
 * A frame that was opened `ahead` takes its place there.
 */
export async function arrive({ url, text }, ahead) {
  const page = new DOMParser().parseFromString(text, "text/html");
  // Cut, or made by another release of the server: its page goes with its own style and modules.
  if (!page.querySelector("[data-stage]") || !ours(page)) {
    location.assign(url);
    return;
  }
  history.pushState(null, "", url);
  // Home lies behind in the history, and its document is no more.
  const here = location.pathname;
  addEventListener("popstate", () => location.pathname !== here && location.reload());
  for (const sheet of document.querySelectorAll("link[rel=stylesheet][data-page]")) {
    sheet.media = page.querySelector(`link[href="${sheet.getAttribute("href")}"]`) ? "all" : "not all";
  }
  document.title = page.title;
  const home = document.body;
  const put = ahead?.placeIn(page);
  home.after(document.adoptNode(page.body));
  put?.();
  home.remove();
  scrollTo(0, 0);
  document.getElementById("thread").focus({ preventScroll: true });
  await import("./workbench.js");
}

function ours(page) {
  return [...page.querySelectorAll("link[rel=stylesheet]")].every((link) =>
    document.querySelector(`link[rel=stylesheet][href="${link.getAttribute("href")}"]`),
  );
}
