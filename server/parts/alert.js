import { createElement, forwardRef } from "react";
import { part, variants } from "@/lib/part";

const alertVariants = variants("ui-alert", { variant: "default" });

export const Alert = forwardRef(({ className, variant, ...props }, ref) =>
  createElement("div", { role: "alert", ...props, ref, className: alertVariants({ variant, className }) }));
export const AlertTitle = part("h5", "ui-alert-title");
export const AlertDescription = part("div", "ui-alert-text");
