/**
 * Opens the frame of the tool that is about to be asked for, before the request that asks: the
 * browser sets it up meanwhile, and the document streams into it as soon as there is one. Null
 * where a browser cannot move a frame without loading it again.
 */
export function openAhead({ origin, secret, sandbox, allow }) {
  if (!("moveBefore" in Element.prototype)) return null;
  const place = document.createElement("div");
  place.className = "frame-ahead";
  place.dataset.stage = ""; // what guards a frame against a flood looks here
  place.inert = true;
  place.setAttribute("aria-hidden", "true");
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", sandbox);
  frame.setAttribute("allow", allow);
  frame.referrerPolicy = "no-referrer";
  frame.src = `${origin}/${secret}`;
  place.append(frame);
  document.body.append(place);
  return {
    /**
     * Makes room in a page that is not shown yet. When it is for another document, nothing.
     * @returns {(() => void) | undefined} puts the frame there, once the page is in the document
     */
    placeIn(page) {
      const planned = page.querySelector("[data-stage] > iframe");
      if (!planned || !same(planned, frame)) return undefined;
      const mark = page.createComment("");
      planned.replaceWith(mark);
      return () => {
        for (const { name, value } of planned.attributes) if (name !== "src") frame.setAttribute(name, value);
        mark.parentNode.moveBefore(frame, mark);
        mark.remove();
      };
    },
    close: () => place.remove(),
  };
}

function same(one, other) {
  return ["src", "sandbox", "allow"].every((name) => one.getAttribute(name) === other.getAttribute(name));
}
