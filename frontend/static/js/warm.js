/**
 * Opens an empty document of the site that the next tool will have, out of sight: browsers keep
 * its process for a moment, and the tool need not wait for one to start.
 */
export function warm({ origin, sandbox }) {
  const open = () => {
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", sandbox);
    frame.setAttribute("aria-hidden", "true");
    frame.inert = true;
    frame.hidden = true;
    frame.referrerPolicy = "no-referrer";
    frame.src = `${origin}/`;
    document.body.append(frame);
  };
  if (document.readyState === "complete") open();
  else addEventListener("load", open, { once: true });
}
