import { createElement, forwardRef, useEffect, useRef } from "react";
import { bothRefs, useOwn } from "@/lib/part";
import { cn } from "@/lib/utils";

export const Checkbox = forwardRef(
  ({ className, checked, defaultChecked = false, onCheckedChange, ...props }, ref) => {
    const own = useRef(null);
    const [is, set] = useOwn(checked, defaultChecked, onCheckedChange);
    useEffect(() => {
      own.current.indeterminate = is === "indeterminate";
    });
    return createElement("input", {
      ...props, type: "checkbox", ref: bothRefs(own, ref), checked: is === true, className: cn("ui-checkbox", className),
      "data-state": is === "indeterminate" ? is : is ? "checked" : "unchecked",
      onChange: ({ target }) => set(target.checked),
    });
  },
);
