// What all recipes share: their parameters, storage that may be absent, copying, saving.
const config = JSON.parse(document.getElementById("config").textContent);
const byId = (id) => document.getElementById(id);

const storage = (() => {
  const key = config.recipe; // Storage belongs to one tool alone; a new title must not lose it.
  const memory = new Map();
  let place = null;
  try {
    place = window.localStorage;
    place.getItem(key);
  } catch {
    place = null; // Storage is refused here: things last while the page is open.
  }
  return {
    lasting: place !== null,
    read() {
      try {
        return JSON.parse((place ? place.getItem(key) : memory.get(key)) ?? "null");
      } catch {
        return null;
      }
    },
    write(value) {
      const text = JSON.stringify(value);
      try {
        if (place) place.setItem(key, text);
        else memory.set(key, text);
      } catch {
        memory.set(key, text);
      }
    },
  };
})();

/** Sets a field as the tool begins; what a person typed while the tool was still arriving stays. */
function preset(id, value) {
  const field = byId(id);
  if (field.type === "checkbox") {
    if (field.checked === field.defaultChecked) field.checked = value;
  } else if (field.value === field.defaultValue) {
    field.value = value;
  }
}

function announce(text) {
  byId("status").textContent = text;
}

/** Copies text and says how it went. Without asking the Clipboard API first: frames may forbid it. */
async function copyText(text, what) {
  const holder = document.createElement("textarea");
  const active = document.activeElement;
  holder.value = text;
  holder.readOnly = true;
  holder.className = "unseen";
  holder.setAttribute("aria-hidden", "true");
  document.body.append(holder);
  holder.select();
  let copied = document.execCommand("copy");
  holder.remove();
  active?.focus?.();
  const allowed = document.featurePolicy?.allowsFeature("clipboard-write") ?? true;
  if (!copied && allowed && navigator.clipboard) {
    copied = await navigator.clipboard.writeText(text).then(() => true, () => false);
  }
  announce(copied ? `${what} copied.` : "Copying is not allowed here. Select the text and press Ctrl+C.");
  return copied;
}

/** Offers text as a file. */
function saveFile(name, text, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  announce(`Saved as ${name}.`);
}

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}
