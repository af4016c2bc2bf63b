/**
 * From home to the workbench without a new document: the page is fetched, its body takes the place
 * of this one, and its module begins. A navigation would throw away a warm page and start another
 * one while the model is writing already.
 */
const ENTRY = "./workbench.js";

/** Once this page rests, gets ready what the workbench needs: its style, and its modules compiled. */
export function readyToArrive() {
  const get = () => {
    for (const link of document.querySelectorAll("link[rel=prefetch][as=script]")) link.rel = "modulepreload";
  };
  if (document.readyState === "complete") get();
  else addEventListener("load", get, { once: true });
}

/** Goes to a tool's workbench; whatever cannot be done in place is done as a navigation. */
export async function arrive(url) {
  const page = await fetched(url);
  if (page === null) {
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
  document.body.replaceWith(document.adoptNode(page.body));
  scrollTo(0, 0);
  document.getElementById("thread").focus({ preventScroll: true });
  await import(ENTRY);
}

async function fetched(url) {
  try {
    const response = await fetch(url, { headers: { accept: "text/html" } });
    if (!response.ok) return null;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    // Made by another release of the server: its page goes with its own style and modules.
    return ours(page) ? page : null;
  } catch {
    return null; // The navigation shows the browser's own word for it.
  }
}

function ours(page) {
  return [...page.querySelectorAll("link[rel=stylesheet]")].every((link) =>
    document.querySelector(`link[rel=stylesheet][href="${link.getAttribute("href")}"]`),
  );
}
