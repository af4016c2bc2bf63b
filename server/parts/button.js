import { forwardRef } from "react";
import { shown, variants } from "@/lib/part";

export const buttonVariants = variants("ui-button", { variant: "default", size: "normal" });

export const Button = forwardRef(({ className, variant, size, asChild, ...props }, ref) => {
  const classes = buttonVariants({ variant, size: size === "default" ? undefined : size, className });
  return shown("button", asChild, { ...props, ref, className: classes });
});
