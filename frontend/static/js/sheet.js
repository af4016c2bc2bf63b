/** On a narrow page the conversation is a sheet that opens from below, over the box. */
export function sheet(talk) {
  const handle = talk.querySelector("[data-handle]");
  const thread = talk.querySelector("#thread");
  const open = (yes) => {
    talk.toggleAttribute("data-open", yes);
    handle.setAttribute("aria-expanded", String(yes));
    if (yes) thread.scrollTop = thread.scrollHeight;
  };
  handle.addEventListener("click", () => open(!talk.hasAttribute("data-open")));
  talk.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !talk.hasAttribute("data-open")) return;
    open(false);
    handle.focus();
  });
}
