/**
 * What is dragged out of a tool and let go over this page would be opened by the browser, in a tab of
 * its own and unasked: a link, or any address that the tool puts there, with what it knows in it. So
 * nothing is taken here but by what is made for it: a box, or a listener of ours that says so.
 */
let stands = false;

export function refuseDrops() {
  if (stands) return;
  stands = true;
  for (const type of ["dragover", "drop"]) addEventListener(type, refuse);
}

function refuse(event) {
  if (event.defaultPrevented || isBox(event.target)) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "none";
}

function isBox(at) {
  return at instanceof HTMLInputElement || at instanceof HTMLTextAreaElement || at.isContentEditable === true;
}
