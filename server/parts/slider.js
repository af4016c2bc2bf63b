import { createElement, forwardRef } from "react";
import { useOwn } from "@/lib/part";
import { cn } from "@/lib/utils";

// One range for each value; they lie on each other, and of each only the thumb takes a press.
export const Slider = forwardRef((given, ref) => {
  const {
    className, value, defaultValue, min = 0, max = 100, step = 1, disabled, name,
    onValueChange, onValueCommit, "aria-label": label, "aria-labelledby": labelledBy, id, ...props
  } = given;
  const [values, set] = useOwn(value, defaultValue ?? [min], onValueChange);
  const commit = () => onValueCommit?.(values);
  const ranges = values.map((one, at) =>
    createElement("input", {
      key: at, type: "range", className: "ui-slider-range", min, max, step, disabled, name,
      id: at === 0 ? id : undefined, value: one, "aria-label": label, "aria-labelledby": labelledBy,
      onChange: ({ target }) => {
        const low = values[at - 1] ?? min;
        const high = values[at + 1] ?? max;
        const next = Math.max(low, Math.min(high, Number(target.value)));
        set(values.map((other, place) => (place === at ? next : other)));
      },
      onPointerUp: commit, onKeyUp: commit,
    }));
  const several = values.length > 1 ? "ui-slider-several" : "";
  return createElement("div", { ...props, ref, className: cn("ui-slider", several, className) }, ranges);
});
