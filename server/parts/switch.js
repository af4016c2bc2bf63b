import { createElement, forwardRef } from "react";
import { useOwn } from "@/lib/part";
import { cn } from "@/lib/utils";

export const Switch = forwardRef(
  ({ className, checked, defaultChecked = false, onCheckedChange, ...props }, ref) => {
    const [is, set] = useOwn(checked, defaultChecked, onCheckedChange);
    return createElement("input", {
      ...props, type: "checkbox", role: "switch", ref, checked: is, className: cn("ui-switch", className),
      "data-state": is ? "checked" : "unchecked", onChange: ({ target }) => set(target.checked),
    });
  },
);
