import { startAnew } from "./arming.js";
import { tellNested } from "./nested.js";

/**
 * Keeps the caret in a box of ours until the person moves it. A tool can call `focus()` when it
 * likes, and no attribute of its frame forbids it; so a box gets the focus back at once when
 * neither Tab nor a press in the frame took it, and a tool that takes it again and again is ended.
 * What is typed until then no document of the tool's hears: each is told whether the keyboard is
 * free (runtime/keys.js).
 *
 * A finger that scrolls and a press that is prevented move no focus. So a press leads away only for a
 * moment, and not once the person has typed in the box again.
 */
const TAB_MS = 500;
const TYPING_MS = 1000;
const PRESS_MS = 200;
const LEADS_MS = 2000;
const AGAIN_MS = 20;
const TOLD_AFTER = 10;
const MAX_TAKEN = 5;

// A press in one tool's frame leads away from a box for all of them.
const guards = new Set();

/**
 * @param {HTMLIFrameElement} frame
 * @param {() => void} ended the tool does not let go
 * @param {(free: boolean) => void} tell
 * @param {() => void} heard counts what a nested document says
 */
export function guardFocus(frame, ended, tell, heard) {
  // The box of ours that has the focus, and one that it was taken from.
  let box = boxOf(document.activeElement);
  let lost = null;
  let tab = -TAB_MS;
  let key = -TYPING_MS;
  // When the person last came to anything of ours; only a press after that leads away from it.
  let since = performance.now();
  let press = -1;
  // When the focus last left a box.
  let gone = -1;
  // When a key was last typed in a box, not one that was held.
  let typed = -PRESS_MS;
  let pressHere = -PRESS_MS;
  let over = false;
  // When the focus was last taken back, and how often since the person last pressed in the tool.
  let back = -PRESS_MS;
  let taken = 0;
  let closed = false;
  const now = () => performance.now();
  const touch = matchMedia("(pointer: coarse)");

  const isFree = () => box === null && lost === null;
  // In the tool or in what it nests, so many milliseconds ago.
  const pressed = (late) => {
    startAnew();
    const at = now() - late;
    // A tool that was busy tells of a press late: who typed in a box meanwhile has not left it.
    if (at < since || typed - at > PRESS_MS) return;
    taken = 0;
    for (const told of guards) told();
    comeBack();
  };
  const nested = tellNested(frame, isFree, pressed, heard);
  const say = () => {
    tell(isFree());
    nested.tell();
  };
  const release = () => {
    lost = null;
    box = boxOf(document.activeElement);
    say();
  };
  const onFocus = ({ target }) => {
    // Who gave it the focus is told by what follows.
    if (target instanceof HTMLIFrameElement) return;
    since = now();
    tab = -TAB_MS;
    box = boxOf(target);
    lost = null;
    say();
  };
  const onLeave = ({ target }) => {
    setTimeout(() => {
      if (box !== target) return;
      // In a window that is not in front nothing else tells of it.
      if (document.activeElement === frame) onBlur();
      // Pressed where nothing of the page takes the focus.
      else if (document.activeElement === document.body && now() - pressHere < PRESS_MS) release();
    });
  };
  const onKey = (event) => {
    key = now();
    if (event.key === "Tab" || event.key === "F6") tab = now();
    if (box === null || event.repeat) return;
    typed = event.timeStamp;
    // None that was still on its way when the press came.
    if (press > since && typed - press > PRESS_MS) {
      since = typed;
      say();
    }
  };
  const onPointer = ({ clientX: x, clientY: y }) => {
    const { left, top, right, bottom } = frame.getBoundingClientRect();
    over = x >= left && x < right && y >= top && y < bottom;
  };
  const onPress = (event) => {
    pressHere = now();
    onPointer(event);
  };
  const onBlur = () => {
    if (box === null) return;
    gone = now();
    lost = box;
    box = null;
    if (now() - tab < TAB_MS) {
      release();
      return;
    }
    const awaited = touch.matches || (over && now() - key > TYPING_MS);
    // A press tells of itself in a moment; where there can be none, nothing is waited for.
    setTimeout(() => onceTold(TOLD_AFTER), awaited ? PRESS_MS : 0);
  };
  // Firefox says only some moments later that the frame has the focus.
  const onceTold = (times) => {
    if (document.activeElement !== document.body || times === 0) takeBack();
    else setTimeout(() => onceTold(times - 1), AGAIN_MS);
  };
  const takeBack = () => {
    if (closed || lost === null) return;
    const at = document.activeElement;
    const led = press > since && gone - press < LEADS_MS;
    if (led || !(at instanceof HTMLIFrameElement)) release();
    // Of another frame its own guard takes care.
    else if (at === frame) giveTo(lost);
  };
  const giveTo = (its) => {
    const came = since;
    its.focus({ preventScroll: true });
    since = came;
    if (document.activeElement !== its) {
      // It is gone, or takes no keys any more.
      release();
      return;
    }
    back = now();
    taken += 1;
    if (taken > MAX_TAKEN) ended();
    setTimeout(() => document.activeElement === frame && onBlur(), AGAIN_MS);
  };
  // It was the person after all.
  const comeBack = () => {
    if (now() - back < PRESS_MS) frame.focus({ preventScroll: true });
  };

  const onPressed = () => {
    press = now();
    if (box === null) release();
  };

  const listeners = [
    ["focusin", onFocus], ["focusout", onLeave], ["keydown", onKey], ["pointermove", onPointer], ["pointerdown", onPress],
  ];
  for (const [type, listener] of listeners) document.addEventListener(type, listener, true);
  frame.addEventListener("pointerenter", onPointer);
  addEventListener("blur", onBlur);
  guards.add(onPressed);
  return {
    receive: nested.receive,
    say,
    pressed,
    close() {
      closed = true;
      for (const [type, listener] of listeners) document.removeEventListener(type, listener, true);
      removeEventListener("blur", onBlur);
      guards.delete(onPressed);
      nested.close();
    },
  };
}

const boxOf = (element) =>
  element instanceof Element && element.matches("input, textarea, select, [contenteditable]") ? element : null;
