import { ages } from "./ages.js";
import { themeToggle } from "./theme.js";

themeToggle();
ages();
