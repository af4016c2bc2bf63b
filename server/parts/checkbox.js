import { createElement, forwardRef, useEffect, useRef } from "react";
import { useOwn } from "@/lib/part";
import { cn } from "@/lib/utils";

export const Checkbox = forwardRef(
  ({ className, checked, defaultChecked = false, onCheckedChange, ...props }, ref) => {
    const own = useRef(null);
    const [is, set] = useOwn(checked, defaultChecked, onCheckedChange);
    useEffect(() => {
      own.current.indeterminate = is === "indeterminate";
    });
    const keep = (node) => {
      own.current = node;
      if (typeof ref === "function") {
        ref(node);
      } else if (ref) {
        ref.current = node;
      }
    };
    return createElement("input", {
      ...props, type: "checkbox", ref: keep, checked: is === true, className: cn("ui-checkbox", className),
      "data-state": is === "indeterminate" ? is : is ? "checked" : "unchecked",
      onChange: ({ target }) => set(target.checked),
    });
  },
);
