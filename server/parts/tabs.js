import { createContext, createElement, forwardRef, useContext, useId } from "react";
import { useOwn } from "@/lib/part";
import { cn } from "@/lib/utils";

const Chosen = createContext({});

export const Tabs = forwardRef((given, ref) => {
  const { className, value, defaultValue = "", onValueChange, orientation = "horizontal", ...props } = given;
  const [is, set] = useOwn(value, defaultValue, onValueChange);
  const id = useId();
  const own = { ...props, ref, className: cn("ui-tabs", className), "data-orientation": orientation };
  return createElement(Chosen.Provider, { value: { is, set, id, orientation } }, createElement("div", own));
});

const named = (id, kind, value) => `${id}-${kind}-${encodeURIComponent(value)}`;
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

export const TabsList = forwardRef(({ className, ...props }, ref) => {
  const { orientation } = useContext(Chosen);
  const onKeyDown = (event) => {
    const tabs = [...event.currentTarget.querySelectorAll("[role=tab]:not(:disabled)")];
    const at = tabs.indexOf(document.activeElement);
    const next = { Home: 0, End: tabs.length - 1 }[event.key] ?? at + STEPS[event.key];
    if (at >= 0 && !Number.isNaN(next)) {
      event.preventDefault();
      tabs[(next + tabs.length) % tabs.length].click();
      tabs[(next + tabs.length) % tabs.length].focus();
    }
  };
  return createElement("div", {
    onKeyDown, ...props, ref, role: "tablist", "aria-orientation": orientation,
    className: cn("ui-tabs-list", className),
  });
});

export const TabsTrigger = forwardRef(({ className, value, onClick, ...props }, ref) => {
  const { is, set, id } = useContext(Chosen);
  const active = is === value;
  const press = (event) => {
    onClick?.(event);
    set(value);
  };
  return createElement("button", {
    type: "button", ...props, ref, role: "tab", id: named(id, "tab", value), onClick: press,
    "aria-selected": active, "aria-controls": named(id, "panel", value), tabIndex: active ? 0 : -1,
    "data-state": active ? "active" : "inactive", className: cn("ui-tabs-trigger", className),
  });
});

export const TabsContent = forwardRef(({ className, value, forceMount, children, ...props }, ref) => {
  const { is, id } = useContext(Chosen);
  const active = is === value;
  return createElement("div", {
    tabIndex: 0, ...props, ref, role: "tabpanel", id: named(id, "panel", value), hidden: !active,
    "aria-labelledby": named(id, "tab", value), "data-state": active ? "active" : "inactive",
    className: cn("ui-tabs-content", className),
  }, active || forceMount ? children : null);
});
