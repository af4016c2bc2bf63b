// What a person reads in a document: its text, that of open shadow roots, and what its fields hold.
() => {
  const lines = [document.body?.innerText ?? ""];
  for (const element of document.querySelectorAll("*")) {
    if (element.shadowRoot) {
      for (const child of element.shadowRoot.children) {
        lines.push(child.innerText ?? "");
      }
    }
    if (!element.matches("input,textarea,select") || !element.checkVisibility()) {
      continue;
    }
    if (element.type === "checkbox" || element.type === "radio") {
      lines.push(`[${element.checked ? "x" : " "}]`);
    } else if (element.type !== "file" && element.value !== "") {
      lines.push(`[${element.value}]`);
    }
  }
  return lines.join("\n");
}
