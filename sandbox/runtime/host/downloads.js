/**
 * Writes the files that a tool saves: plain bytes of no type that a browser would open, under a
 * name that is only a name, a few between two acts of a person.
 */
const MAX_FILES = 3;
const MAX_NAME = 120;
const KEPT_MS = 60_000;
// Control characters and those that turn the direction of text, which would hide an extension.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
// However many, and those that are no spaces to anybody but the eye: an extension would stand far behind.
const BLANK = /[\s\u115f\u1160\u2800\u3164\uffa0]+/gu;
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i;
const EXTENSIONS = new Map([
  ["text/plain", "txt"], ["text/csv", "csv"], ["text/html", "html"], ["application/json", "json"],
  ["image/png", "png"], ["image/jpeg", "jpg"], ["image/svg+xml", "svg"], ["application/pdf", "pdf"],
]);

/** @param {{refused: () => void}} told */
export function downloads({ refused }) {
  let written = 0;
  let said = false;
  return {
    hear({ name, blob }) {
      if (!(blob instanceof Blob)) return false;
      written += 1;
      if (written <= MAX_FILES) write(fileName(name, blob.type), blob);
      else if (!said) {
        said = true;
        refused();
      }
      return true;
    },
    acted() {
      written = 0;
      said = false;
    },
  };
}

/** What is left of a wish for a name. */
export function fileName(wish, type) {
  const words = typeof wish === "string" ? wish : "";
  const bare = words.replace(INVISIBLE, "").replace(BLANK, " ").replace(/[\\/:*?"<>|]/g, "_");
  const name = bare.replace(/^[.\s]+|[.\s]+$/g, "").replace(RESERVED, "_$&");
  if (name === "") {
    const extension = EXTENSIONS.get(type.split(";")[0]);
    return extension ? `download.${extension}` : "download";
  }
  if (name.length <= MAX_NAME) return name;
  const dot = name.lastIndexOf(".");
  const end = dot > 0 && name.length - dot <= 16 ? name.slice(dot) : "";
  return name.slice(0, MAX_NAME - end.length) + end;
}

function write(name, blob) {
  const url = URL.createObjectURL(new Blob([blob], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}
