import { part } from "@/lib/part";

export const Input = part("input", "ui-field");
