/**
 * A tool's wish to open an address outside: a dialog of ours shows the whole address, and only
 * the person's word opens it, in a tab that knows neither the tool nor this page.
 */
import { arm } from "./arming.js";
import { made } from "./made.js";

const SCHEMES = new Set(["http:", "https:", "mailto:", "tel:"]);
const MAX_ADDRESS = 8192;
const NAGGING_MS = 30_000;
const REFUSALS = 3;

let asking = false;
const refusals = [];

/** Handlers for `openPort`. */
export function addressHandlers() {
  return {
    open({ url }) {
      const address = readAddress(url);
      if (address === null) return false;
      if (!asking && !isNagging() && navigator.userActivation.isActive) {
        asking = true;
        askToOpen(address);
      }
      return true;
    },
  };
}

function readAddress(text) {
  if (typeof text !== "string" || text.length > MAX_ADDRESS) return null;
  const address = URL.canParse(text) ? new URL(text) : null;
  return address !== null && SCHEMES.has(address.protocol) ? address : null;
}

function isNagging() {
  const recent = refusals.filter((time) => performance.now() - time < NAGGING_MS);
  return recent.length >= REFUSALS;
}

function askToOpen(address) {
  const dialog = made("dialog", "address-dialog");
  const title = made("h2", "", "Open this address?");
  title.id = "address-dialog-title";
  dialog.setAttribute("aria-labelledby", title.id);
  const told = made("p", "", "The tool wants to open it. All that stands in it is told to whoever is there:");
  const shown = whole(address);
  const stay = made("button", "button", "Stay here");
  const go = made("button", "button", "Open");
  const row = made("div", "address-dialog-row");
  row.append(stay, go);
  dialog.append(title, told, shown, row);

  const counts = arm(go);
  stay.autofocus = true;
  stay.addEventListener("click", () => dialog.close());
  go.addEventListener("click", (event) => counts(event) && dialog.close("open"));
  dialog.addEventListener("close", () => {
    asking = false;
    dialog.remove();
    if (dialog.returnValue === "open") {
      refusals.length = 0;
      follow(address);
    } else {
      refusals.push(performance.now());
      refusals.splice(0, refusals.length - REFUSALS);
    }
  });
  document.body.append(dialog);
  dialog.showModal();
}

/** All of it, to be read to its end; whose it is stands out. */
function whole({ href, host }) {
  const shown = made("code", "");
  // A name and a password may stand before it, and look like it.
  const at = host ? /^[^/]*\/\/(?:[^/?#@]*@)?/.exec(href)[0].length : 0;
  const end = at + host.length;
  shown.append(href.slice(0, at), made("strong", "", href.slice(at, end)), href.slice(end));
  shown.tabIndex = 0;
  return shown;
}

function follow(address) {
  const link = document.createElement("a");
  link.href = address.href;
  link.rel = "noopener noreferrer";
  // A mail or a call has no page: a tab for it would stay empty.
  if (address.protocol.startsWith("http")) link.target = "_blank";
  link.click();
}
