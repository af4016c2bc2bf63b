import { themeToggle } from "./theme.js";

themeToggle();
document.querySelector("[data-print]").addEventListener("click", () => print());
