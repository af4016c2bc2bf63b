// What the parts are made of. Their own classes come before Tailwind's in the document, so that a class
// that a component gives has its way.

import {
  Children, cloneElement, createElement, forwardRef, useEffect, useLayoutEffect, useRef, useState,
} from "react";
import { cn } from "@/lib/utils";

const chained = (first, second) => (...given) => {
  first(...given);
  second(...given);
};

export const bothRefs = (...refs) => (node) => {
  for (const ref of refs) {
    if (typeof ref === "function") {
      ref(node);
    } else if (ref) {
      ref.current = node;
    }
  }
};

// With `asChild` the child stands for the element, and has both their properties.
export function shown(tag, asChild, props) {
  if (!asChild) {
    return createElement(tag, props);
  }
  const child = Children.only(props.children);
  const both = { ...props, ...child.props, className: cn(props.className, child.props.className) };
  for (const name of Object.keys(child.props)) {
    if (/^on[A-Z]/.test(name) && typeof props[name] === "function") {
      both[name] = chained(child.props[name], props[name]);
    }
  }
  both.style = { ...props.style, ...child.props.style };
  both.ref = child.ref ? bothRefs(props.ref, child.ref) : props.ref;
  return cloneElement(child, both);
}

export function part(tag, name, given = {}) {
  return forwardRef(({ className, asChild, ...props }, ref) =>
    shown(tag, asChild, { ...given, ...props, ref, className: cn(name, className) }));
}

// The classes of an element in one of its variants.
export const variants = (name, standard) => (chosen = {}) =>
  cn(name, ...Object.keys(standard).map((kind) => `${name}-${chosen[kind] ?? standard[kind]}`), chosen.className);

// A value that is the caller's, if one is given, and else our own.
export function useOwn(value, initial, tell) {
  const [own, setOwn] = useState(initial);
  const set = (next) => {
    if (value === undefined) {
      setOwn(next);
    }
    tell?.(next);
  };
  return [value === undefined ? own : value, set];
}

const GAP = 4;
const EDGE = 8;

// Beside what opened it, above all else, and within the window.
function place(box, by, side) {
  if (box.showPopover && !box.matches(":popover-open")) {
    box.showPopover();
  }
  const at = by.getBoundingClientRect();
  box.style.minWidth = side === "menu" ? `${at.width}px` : "";
  const { width, height } = box.getBoundingClientRect();
  const middle = { left: at.left + (at.width - width) / 2, top: at.top + (at.height - height) / 2 };
  const below = at.bottom + GAP + height > innerHeight - EDGE && at.top > innerHeight - at.bottom;
  const [left, top] = {
    menu: [at.left, below ? at.top - GAP - height : at.bottom + GAP],
    top: [middle.left, at.top - GAP - height],
    bottom: [middle.left, at.bottom + GAP],
    left: [at.left - GAP - width, middle.top],
    right: [at.right + GAP, middle.top],
  }[side];
  box.style.left = `${Math.max(EDGE, Math.min(left, innerWidth - width - EDGE))}px`;
  box.style.top = `${Math.max(EDGE, Math.min(top, innerHeight - height - EDGE))}px`;
}

// Shows `box` beside `by` while it is open; `close` is called by Escape and by a press elsewhere.
export function usePlaced(isOpen, box, by, side, close) {
  const latest = useRef(close);
  latest.current = close;
  useLayoutEffect(() => {
    const shownBox = isOpen && by.current ? box.current : null;
    if (shownBox) {
      place(shownBox, by.current, side);
    }
    return () => shownBox?.hidePopover?.();
  }, [isOpen]);
  useEffect(() => {
    if (!isOpen) {
      return undefined;
    }
    const onPress = ({ target }) => {
      if (!box.current?.contains(target) && !by.current?.contains(target)) {
        latest.current();
      }
    };
    const onKey = ({ key }) => key === "Escape" && latest.current();
    document.addEventListener("pointerdown", onPress, true);
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("pointerdown", onPress, true);
      document.removeEventListener("keydown", onKey);
    };
  }, [isOpen]);
}

export const sign = (d) =>
  createElement("svg", {
    "aria-hidden": "true", viewBox: "0 0 24 24", width: 16, height: 16, fill: "none",
    stroke: "currentColor", strokeWidth: 2, strokeLinecap: "round", strokeLinejoin: "round",
  }, createElement("path", { d }));
