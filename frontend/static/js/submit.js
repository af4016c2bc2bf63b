const apple = /Mac|iPhone|iPad/.test(navigator.platform);

/** A button that waits for words, and Ctrl/⌘+Enter that presses it. */
export function submitWhenWorded(form, box, button) {
  const renew = () => {
    button.disabled = form.hasAttribute("data-busy") || box.value.trim() === "";
  };
  box.addEventListener("input", renew);
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    if (!button.disabled && !button.hidden) form.requestSubmit(button);
  });
  for (const hint of form.querySelectorAll("[data-submit-key]")) hint.textContent = apple ? "⌘ ↵" : "Ctrl ↵";
  renew();
  return renew;
}
