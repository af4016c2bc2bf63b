import { createContext, createElement, forwardRef, useContext, useEffect, useId, useRef } from "react";
import { shown, useOwn, usePlaced } from "@/lib/part";
import { cn } from "@/lib/utils";

const Told = createContext({});
const Waits = createContext(300);

export const TooltipProvider = ({ delayDuration = 300, children }) =>
  createElement(Waits.Provider, { value: delayDuration }, children);

export function Tooltip({ open, defaultOpen = false, onOpenChange, delayDuration, children }) {
  const waits = useContext(Waits);
  const [isOpen, setOpen] = useOwn(open, defaultOpen, onOpenChange);
  const trigger = useRef(null);
  const told = { isOpen, setOpen, trigger, id: useId(), waits: delayDuration ?? waits };
  return createElement(Told.Provider, { value: told }, children);
}

export const TooltipTrigger = forwardRef(({ asChild, ...props }, _ref) => {
  const { isOpen, setOpen, trigger, id, waits } = useContext(Told);
  const waiting = useRef(0);
  const stop = () => {
    clearTimeout(waiting.current);
    setOpen(false);
  };
  useEffect(() => () => clearTimeout(waiting.current), []);
  return shown("button", asChild, {
    ...(asChild ? {} : { type: "button" }), ...props, ref: trigger,
    "aria-describedby": isOpen ? id : undefined,
    onPointerEnter: () => {
      waiting.current = setTimeout(() => setOpen(true), waits);
    },
    onPointerLeave: stop, onPointerDown: stop, onFocus: () => setOpen(true), onBlur: stop,
  });
});

function Box({ className, side = "top", sideOffset: _gap, align: _align, ...props }) {
  const { setOpen, trigger, id } = useContext(Told);
  const box = useRef(null);
  usePlaced(true, box, trigger, side, () => setOpen(false));
  return createElement("div", {
    ...props, ref: box, id, role: "tooltip", popover: "manual", className: cn("ui-tooltip", className),
  });
}

export const TooltipContent = (props) => useContext(Told).isOpen && createElement(Box, props);
