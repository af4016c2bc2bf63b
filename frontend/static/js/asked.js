/** Directives of a frame's policy that a network grant opens: nothing else is worth a question. */
const GRANTABLE = new Set(["connect-src", "img-src", "media-src"]);
const CAPABILITIES = new Set(["geolocation", "clipboard_read", "camera", "microphone"]);
const MAX_ADDRESS = 2000;

/**
 * What a tool's message asks for: an https origin as the browser itself writes it, a capability,
 * or null. Nothing else of the message is ever shown or kept.
 */
export function readAsked(said) {
  if (said.type === "asked") return CAPABILITIES.has(said.capability) ? said.capability : null;
  if (!GRANTABLE.has(said.directive) || typeof said.uri !== "string") return null;
  if (said.uri.length > MAX_ADDRESS || !URL.canParse(said.uri)) return null;
  const { protocol, origin } = new URL(said.uri);
  return protocol === "https:" ? origin : null;
}

/** Tells the page what the tool in this frame asks for; `permissions` listens. False: nothing that is known. */
export function tellAsked(frame, said) {
  const asked = readAsked(said);
  if (asked !== null) document.dispatchEvent(new CustomEvent("tool-asked", { detail: { frame, asked } }));
  return asked !== null;
}
