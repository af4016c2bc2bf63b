import { createContext, createElement, forwardRef, useContext, useId, useLayoutEffect, useRef } from "react";
import { part, shown, sign, useOwn } from "@/lib/part";
import { cn } from "@/lib/utils";

const Opened = createContext({});

export function Dialog({ open, defaultOpen = false, onOpenChange, children }) {
  const [is, set] = useOwn(open, defaultOpen, onOpenChange);
  const id = useId();
  return createElement(Opened.Provider, { value: { is, set, id } }, children);
}

const pressing = (name, next, given) =>
  forwardRef(({ asChild, onClick, ...props }, ref) => {
    const { set } = useContext(Opened);
    const press = (event) => {
      onClick?.(event);
      set(next);
    };
    const own = asChild ? {} : { type: "button", className: name };
    return shown("button", asChild, { ...own, ...given, ...props, ref, onClick: press });
  });

export const DialogTrigger = pressing(undefined, true, { "aria-haspopup": "dialog" });
export const DialogClose = pressing("ui-button ui-button-outline", false, {});

const CROSS = "M18 6 6 18M6 6l12 12";

// The browser's own: it keeps the focus inside, closes by Escape, and nothing behind it can be used.
function Box(given) {
  const { className, children, onOpenAutoFocus: _opens, onCloseAutoFocus: _closes, ...props } = given;
  const { set, id } = useContext(Opened);
  const box = useRef(null);
  useLayoutEffect(() => {
    const dialog = box.current;
    dialog.showModal();
    return () => dialog.close();
  }, []);
  const onClick = (event) => {
    const { left, right, top, bottom } = box.current.getBoundingClientRect();
    const inside = event.clientX >= left && event.clientX <= right && event.clientY >= top && event.clientY <= bottom;
    // A key's press of a button has no place.
    if (event.target === box.current && !inside) {
      set(false);
    }
  };
  const onCancel = (event) => {
    event.preventDefault();
    set(false);
  };
  const close = createElement(
    "button", { type: "button", className: "ui-dialog-close", "aria-label": "Close", onClick: () => set(false) },
    sign(CROSS),
  );
  return createElement("dialog", {
    "aria-labelledby": `${id}-title`, "aria-describedby": `${id}-text`, onClick, onCancel, ...props, ref: box,
    "data-state": "open", className: cn("ui-dialog", className),
  }, children, close);
}

export const DialogContent = (props) => useContext(Opened).is && createElement(Box, props);
export const DialogPortal = ({ children }) => children;
export const DialogOverlay = () => null;
export const DialogHeader = part("div", "ui-dialog-header");
export const DialogFooter = part("div", "ui-dialog-footer");

const named = (tag, name, end) => {
  const Named = part(tag, name);
  return forwardRef((props, ref) =>
    createElement(Named, { id: `${useContext(Opened).id}-${end}`, ...props, ref }));
};

export const DialogTitle = named("h2", "ui-dialog-title", "title");
export const DialogDescription = named("p", "ui-quiet", "text");
