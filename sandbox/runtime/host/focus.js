/**
 * Keeps the caret in a box of ours until the person moves it. A tool can call `focus()` when it
 * likes, and no attribute of its frame forbids it; so a box gets the focus back at once when
 * neither Tab nor a press in the frame took it, and a tool that takes it again and again is ended.
 */
const TAB_MS = 500;
const TYPING_MS = 1000;
const PRESS_MS = 200;
const AGAIN_MS = 20;
const TOLD_AFTER = 10;
const MAX_TAKEN = 5;

/**
 * @param {HTMLIFrameElement} frame
 * @param {() => void} ended the tool does not let go
 */
export function guardFocus(frame, ended) {
  // The box of ours that has the focus.
  let box = null;
  let tab = -TAB_MS;
  let key = -TYPING_MS;
  let press = -PRESS_MS;
  let over = false;
  // When the focus was last taken back, and how often since the person last pressed in the tool.
  let back = -PRESS_MS;
  let taken = 0;
  let closed = false;
  const now = () => performance.now();
  const touch = matchMedia("(pointer: coarse)");

  const onFocus = ({ target }) => {
    box = isBox(target) ? target : null;
  };
  const onKey = (event) => {
    key = now();
    if (event.key === "Tab" || event.key === "F6") tab = now();
  };
  const onPointer = ({ clientX: x, clientY: y }) => {
    const { left, top, right, bottom } = frame.getBoundingClientRect();
    over = x >= left && x < right && y >= top && y < bottom;
  };
  const onBlur = () => {
    const lost = box;
    box = null;
    if (lost === null || now() - tab < TAB_MS) return;
    const pressed = touch.matches || (over && now() - key > TYPING_MS);
    // A press tells of itself in a moment; where there can be none, nothing is waited for.
    setTimeout(() => onceTold(lost, TOLD_AFTER), pressed ? PRESS_MS : 0);
  };
  // Firefox says only some moments later that the frame has the focus.
  const onceTold = (lost, times) => {
    if (document.activeElement !== document.body || times === 0) takeBack(lost);
    else setTimeout(() => onceTold(lost, times - 1), AGAIN_MS);
  };
  const takeBack = (lost) => {
    if (closed || document.activeElement !== frame || !lost.isConnected) return;
    if (now() - press < 2 * PRESS_MS) return;
    taken += 1;
    back = now();
    if (taken > MAX_TAKEN) ended();
    lost.focus({ preventScroll: true });
    setTimeout(() => takeBack(lost), AGAIN_MS);
  };

  const listeners = [
    ["focusin", onFocus], ["keydown", onKey], ["pointermove", onPointer], ["pointerdown", onPointer],
  ];
  for (const [type, listener] of listeners) document.addEventListener(type, listener, true);
  frame.addEventListener("pointerenter", onPointer);
  addEventListener("blur", onBlur);
  return {
    pressed() {
      press = now();
      taken = 0;
      // It was the person after all.
      if (now() - back < PRESS_MS) frame.focus({ preventScroll: true });
    },
    close() {
      closed = true;
      for (const [type, listener] of listeners) document.removeEventListener(type, listener, true);
      removeEventListener("blur", onBlur);
    },
  };
}

const isBox = (element) =>
  element instanceof Element && element.matches("input, textarea, select, [contenteditable]");
