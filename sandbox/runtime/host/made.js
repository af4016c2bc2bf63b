/** An element with a class and a text, each if there is one; in no document yet. A button sends no form. */
export function made(tag, name = "", text = "") {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (tag === "button") element.type = "button";
  element.textContent = text;
  return element;
}
