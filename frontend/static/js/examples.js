/** A chip puts its sentence into the box, ready to be changed or sent. */
export function examples(box) {
  for (const chip of document.querySelectorAll("[data-example]")) {
    chip.addEventListener("click", () => {
      box.value = chip.dataset.example;
      box.dispatchEvent(new Event("input", { bubbles: true }));
      box.focus();
      box.setSelectionRange(box.value.length, box.value.length);
    });
  }
}
