/** The switch between light and dark, remembered; until it is used the system decides. */
export function themeToggle() {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  for (const button of document.querySelectorAll("[data-theme-toggle]")) {
    button.addEventListener("click", () => {
      const now = root.dataset.theme ?? (dark.matches ? "dark" : "light");
      root.dataset.theme = now === "dark" ? "light" : "dark";
      try {
        localStorage.setItem("sandwright.theme", root.dataset.theme);
      } catch {
        // Not remembered where storage is blocked.
      }
    });
  }
}
