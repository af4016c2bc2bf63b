import { forwardRef } from "react";
import { shown, variants } from "@/lib/part";

export const badgeVariants = variants("ui-badge", { variant: "default" });

export const Badge = forwardRef(({ className, variant, asChild, ...props }, ref) =>
  shown("span", asChild, { ...props, ref, className: badgeVariants({ variant, className }) }));
