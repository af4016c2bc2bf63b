/**
 * The one renderer is the server. When something has changed the page asks for itself again and
 * takes over the named regions, so no script builds a message or a version a second time.
 *
 * This is also the one seam through which a model's prose comes in as HTML: the server has cleaned
 * it, `DOMParser` runs none of it, and the page's policy lets no inline script run. Everything
 * else in these scripts is `textContent`.
 */
let running = Promise.resolve();

/**
 * `shown`: the number of the version in sight, which stays there whichever is live by now.
 * @returns {Promise<object | null>} the new page data, or null when the server did not answer
 */
export function refresh(shown = null) {
  // A page that cannot be read is an error to be seen, but must not stop the renewals after it.
  running = running.then(() => fetchRegions(shown)).catch((error) => {
    reportError(error);
    return null;
  });
  return running;
}

async function fetchRegions(shown) {
  let text;
  try {
    const query = shown && !/\/versions\/\d+$/.test(location.pathname) ? `?shown=${shown}` : "";
    const response = await fetch(location.pathname + query, { headers: { accept: "text/html" } });
    if (response.status === 404) document.dispatchEvent(new CustomEvent("page-gone"));
    if (!response.ok) return null;
    text = await response.text();
  } catch {
    return null; // The event connection says that the server is away; it is asked again on return.
  }
  const page = new DOMParser().parseFromString(text, "text/html");
  for (const region of document.querySelectorAll("[data-region]")) {
    const fresh = page.querySelector(`[data-region="${region.dataset.region}"]`);
    if (fresh) takeOver(region, fresh);
  }
  const data = page.getElementById("page-data");
  const fresh = data ? JSON.parse(data.textContent) : null;
  if (fresh) document.dispatchEvent(new CustomEvent("page-renewed", { detail: fresh }));
  return fresh;
}

function takeOver(region, fresh) {
  for (const { name, value } of fresh.attributes) {
    if (name.startsWith("data-") && region.getAttribute(name) !== value) region.setAttribute(name, value);
  }
  if (region.innerHTML === fresh.innerHTML) return;
  const focused = region !== document.activeElement && region.contains(document.activeElement);
  const href = focused && document.activeElement.getAttribute("href");
  region.replaceChildren(...document.importNode(fresh, true).childNodes);
  if (!focused) return;
  const same = href && region.querySelector(`[href="${CSS.escape(href)}"]`);
  (same || (region.querySelector("button, a[href]") ?? document.getElementById("change"))).focus();
}
