import { createElement, forwardRef } from "react";
import { cn } from "@/lib/utils";

export const Progress = forwardRef(({ className, value, max = 100, ...props }, ref) => {
  const done = Math.max(0, Math.min(1, (value ?? 0) / max));
  const bar = createElement("div", { className: "ui-progress-bar", style: { width: `${done * 100}%` } });
  const told = { role: "progressbar", "aria-valuemin": 0, "aria-valuemax": max, "aria-valuenow": value ?? undefined };
  return createElement("div", { ...told, ...props, ref, className: cn("ui-progress", className) }, bar);
});
