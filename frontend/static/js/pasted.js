// What may come ahead of markup. No two of these begin alike, so that nothing is read twice.
const AHEAD = String.raw`^(?:\s|<\?xml[^>]*>|<!--(?:[^-]|-(?!->))*-->|<!doctype\s+svg[^>[]*(?:\[[^\]]*\]\s*)?>)*`;
const DRAWING = new RegExp(String.raw`${AHEAD}<svg[\s>]`, "i");
const WHOLE = new RegExp(String.raw`${AHEAD}<(?:!doctype\s+html|html)[\s>]`, "i");
const MARKUP = new RegExp(String.raw`${AHEAD}<[a-z][\w-]*[\s>]`, "i");
// As server/importing.py reads it: it begins as a module does, and there is markup in its code.
const MODULE =
  /^(?:\s|\/\/[^\n]*(?:\n|$)|\/\*(?:[^*]|\*(?!\/))*\*\/|["']use \w+["'];?)*(?:import|export|const|let|var|function|async|class|interface|type|enum)\b/;
const ELEMENT = /<\/|\/>|createElement\(/;
const DEFAULT = /^[ \t]*export\s+default\b/m;
const FROM = /\bfrom\s*["'][^"'\n]+["']/;
const COMPONENT = /^(?:export\s+)?(?:function|const|class)\s+[A-Z]/m;
const NAME = /^[ \t]*export\s+default\s+(?:(?:async\s+)?function\s+|class\s+)?([A-Z]\w{0,59})/m;
const FENCE = /^(`{3,}|~{3,})[ \t]*([\w+-]*)/;
const LONGEST_FENCE = 100;
const DIAGRAM = /^[ \t]*(?:`{3,}|~{3,})[ \t]*mermaid\b/m;

/**
 * The tool that a text is, or `null` for words: `file` is what it would be in, `said` and `name` what to call it.
 * With `isWhole` it is one by itself, and not what people write of in their words.
 */
export function toolIn(text) {
  const { language, inside } = unfenced(text);
  if (/^(?:md|markdown)$/i.test(language)) return whole(inside, "pasted.md", "That is a text.");
  if (DRAWING.test(inside)) return whole(inside, `${drawingName(inside)}.svg`, "That is a drawing.");
  if (WHOLE.test(inside)) return whole(inside, "pasted.html", "That is a whole page.");
  if (MARKUP.test(inside)) return { file: new File([inside], "pasted.html"), isWhole: false };
  if (isComponent(inside)) return whole(inside, `${nameIn(inside)}.tsx`, "That is a component.", "component");
  return DIAGRAM.test(text) ? whole(text, "pasted.md", "That is a text with a diagram.") : null;
}

function whole(text, file, said, name = "tool") {
  return { file: new File([text], file), said, name, isWhole: true };
}

function isComponent(text) {
  if (!MODULE.test(text) || !ELEMENT.test(text)) return false;
  return DEFAULT.test(text) || (FROM.test(text) && COMPONENT.test(text));
}

/** "TipSplitter" becomes the title "Tip Splitter". */
function nameIn(code) {
  return (NAME.exec(code)?.[1] ?? "pasted").replaceAll(/(?<=[a-z])(?=[A-Z])/g, "-");
}

/** What it calls itself, or else its first words or the time, so that two of them can be told apart. */
function drawingName(text) {
  const drawing = new DOMParser().parseFromString(text, "text/html").querySelector("svg");
  const named = ["title", "text"].map((tag) => drawing?.querySelector(tag)?.textContent.replaceAll(/[\s/\\]+/g, " ").trim());
  const now = new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  return (named.find(Boolean) ?? `Pasted drawing ${now}`).slice(0, 60);
}

/** What is in a text that is one fenced block, as chat products copy it. */
function unfenced(text) {
  const [first, ...lines] = text.trim().split("\n");
  const [, fence, language] = (first.length < LONGEST_FENCE && FENCE.exec(first)) || [];
  const isOne = lines.findIndex((line) => line.trim() === fence) === lines.length - 1;
  return fence && isOne ? { language, inside: lines.slice(0, -1).join("\n") } : { language: "", inside: text };
}
