import { part } from "@/lib/part";

export const Label = part("label", "ui-label");
