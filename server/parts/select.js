import {
  createContext, createElement, forwardRef, useContext, useId, useLayoutEffect, useRef, useState,
} from "react";
import { bothRefs, part, sign, useOwn, usePlaced } from "@/lib/part";
import { cn } from "@/lib/utils";

const Chosen = createContext({});

export function Select(given) {
  const { value, defaultValue = "", onValueChange, open, defaultOpen = false, onOpenChange, disabled, name, children } = given;
  const [is, set] = useOwn(value, defaultValue, onValueChange);
  const [isOpen, setOpen] = useOwn(open, defaultOpen, onOpenChange);
  const [texts, setTexts] = useState({});
  const trigger = useRef(null);
  const choose = (next) => {
    set(next);
    setOpen(false);
    trigger.current?.focus();
  };
  const told = { is, choose, isOpen, setOpen, disabled, texts, setTexts, trigger, id: useId() };
  const sent = name && createElement("input", { type: "hidden", name, value: is });
  return createElement(Chosen.Provider, { value: told }, children, sent);
}

const DOWN = "m6 9 6 6 6-6";
const CHECK = "M20 6 9 17l-5-5";

export const SelectTrigger = forwardRef(({ className, children, ...props }, ref) => {
  const { isOpen, setOpen, disabled, trigger, id } = useContext(Chosen);
  const onKeyDown = (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setOpen(true);
    }
  };
  return createElement("button", {
    type: "button", disabled, onKeyDown, ...props, ref: bothRefs(trigger, ref), role: "combobox", "aria-expanded": isOpen,
    "aria-haspopup": "listbox", "aria-controls": id, "data-state": isOpen ? "open" : "closed",
    className: cn("ui-field ui-select", className), onClick: () => setOpen(!isOpen),
  }, children, sign(DOWN));
});

export function SelectValue({ placeholder, children, className }) {
  const { is, texts } = useContext(Chosen);
  const text = children ?? texts[is];
  const isEmpty = is === "" || is === undefined || is === null;
  return createElement("span", { className: cn(isEmpty && "ui-quiet", className) }, isEmpty ? placeholder : text ?? is);
}

// There while it is closed, too: what the trigger shows is the text of an item.
export const SelectContent = forwardRef(({ className, children, position: _position, ...props }, _ref) => {
  const { isOpen, setOpen, trigger, id } = useContext(Chosen);
  const box = useRef(null);
  const options = () => [...box.current.querySelectorAll("[role=option]:not([aria-disabled=true])")];
  usePlaced(isOpen, box, trigger, "menu", () => setOpen(false));
  useLayoutEffect(() => {
    if (isOpen) {
      (box.current.querySelector("[aria-selected=true]") ?? options()[0])?.focus();
    }
  }, [isOpen]);
  const onKeyDown = (event) => {
    const all = options();
    const at = all.indexOf(document.activeElement);
    const step = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    const begins = (one) => one.textContent.trim().toLowerCase().startsWith(event.key.toLowerCase());
    if (step !== undefined) {
      event.preventDefault();
      all[Math.max(0, Math.min(all.length - 1, step))]?.focus();
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      all[at]?.click();
    } else if (event.key === "Escape" || event.key === "Tab") {
      setOpen(false);
      trigger.current?.focus();
    } else if (event.key.length === 1) {
      [...all.slice(at + 1), ...all.slice(0, at + 1)].find(begins)?.focus();
    }
  };
  return createElement("div", {
    ...props, ref: box, id, role: "listbox", popover: "manual", hidden: !isOpen, onKeyDown,
    className: cn("ui-menu", className),
  }, children);
});

export const SelectItem = forwardRef(({ className, value, disabled, children, ...props }, _ref) => {
  const { is, choose, setTexts } = useContext(Chosen);
  useLayoutEffect(() => {
    setTexts((texts) => (texts[value] === children ? texts : { ...texts, [value]: children }));
  }, [value, children]);
  const isChosen = is === value;
  return createElement("div", {
    ...props, role: "option", tabIndex: -1, "aria-selected": isChosen, "aria-disabled": disabled || undefined,
    className: cn("ui-menu-item", className), onClick: () => disabled || choose(value),
    onPointerMove: ({ currentTarget }) => disabled || currentTarget.focus(),
  }, createElement("span", { className: "ui-menu-check" }, isChosen && sign(CHECK)), children);
});

export const SelectGroup = part("div", "ui-menu-group", { role: "group" });
export const SelectLabel = part("div", "ui-menu-label");
export const SelectSeparator = part("div", "ui-separator ui-separator-horizontal", { role: "none" });
export const SelectScrollUpButton = () => null;
export const SelectScrollDownButton = () => null;
