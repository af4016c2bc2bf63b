import { part } from "@/lib/part";

export const Textarea = part("textarea", "ui-field ui-textarea");
