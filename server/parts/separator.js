import { createElement, forwardRef } from "react";
import { cn } from "@/lib/utils";

export const Separator = forwardRef(
  ({ className, orientation = "horizontal", decorative = true, ...props }, ref) => {
    const meaning = decorative ? { role: "none" } : { role: "separator", "aria-orientation": orientation };
    const classes = cn(`ui-separator ui-separator-${orientation}`, className);
    return createElement("div", { ...meaning, ...props, ref, className: classes });
  },
);
