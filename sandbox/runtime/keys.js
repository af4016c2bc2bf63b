// The keyboard: what a person types in a box of the page around the tool is heard by no document of
// the tool's, in whatever way one of them came to have the focus. Keys pass after a press here, and
// while the page around says that no box of its own has them.
//
// Nested documents get the source of this very function in front, as that of setTraps. They hear
// of the page itself, through a port that no code of the tool's can have. Whose port it is they prove by
// a word that the page says to their window, whose first listener is here.

// `hear(handler)` is for what the page says, where the bridge hears it.
// Returns what must be done again after `document.open`.
function keepKeys(hear) {
  "use strict";
  const { top } = window;
  if (top === window) {
    return () => {};
  }
  const unbound = (method) => Function.prototype.call.bind(method);
  const getter = (owner, name) => unbound(Object.getOwnPropertyDescriptor(owner, name).get);
  const listenTo = unbound(EventTarget.prototype.addEventListener);
  const stop = unbound(Event.prototype.stopImmediatePropagation);
  const prevent = unbound(Event.prototype.preventDefault);
  const typeOf = getter(Event.prototype, "type");
  const phaseOf = getter(Event.prototype, "eventPhase");
  const timeOf = getter(Event.prototype, "timeStamp");
  const dataOf = getter(MessageEvent.prototype, "data");
  const post = unbound(MessagePort.prototype.postMessage);
  const now = performance.now.bind(performance);
  const types = ["keydown", "keypress", "keyup", "beforeinput"];
  let free = false;
  let pressed = false;
  let pressedAt = 0;
  // Whether the press that ends began here too.
  let held = false;
  // Whether all is heard that was said before the focus came: keys overtake messages.
  let settled = false;

  const open = (handler) => {
    const { port1, port2 } = new MessageChannel();
    listenTo(port1, "message", handler);
    port1.start();
    return [port1, port2];
  };
  const set = (yes) => {
    free = yes;
    pressed &&= yes;
  };
  const [, echo] = open(() => (settled = true));
  let tellPress = () => {};
  let onWord = null;
  if (hear) {
    hear(set);
  } else {
    const [port, theirs] = open((event) => set(dataOf(event)));
    top.postMessage({ sandwright: "keys" }, "*", [theirs]);
    tellPress = (late) => post(port, late);
    onWord = (event) => {
      const data = dataOf(event);
      if (typeof data === "object" && data !== null && data.sandwright === "keys") {
        stop(event);
        // As text, whatever the tool may have made of it: a number would tell of a press.
        post(port, `${data.word}`);
      }
    };
  }

  const onPress = (event) => {
    if (event.isTrusted) {
      held = true;
      press(event);
    }
  };
  // What was held or drawn for long may give the focus only at its end.
  const onRelease = (event) => {
    if (event.isTrusted && held) {
      held = false;
      press(event);
    }
  };
  const press = (event) => {
    pressed = true;
    pressedAt = now();
    tellPress(pressedAt - timeOf(event));
  };
  // What is inserted with no key before it (dictation, an emoji) comes with the focus itself.
  const onKey = (event) => {
    if (event.isTrusted && !pressed && !(free && (settled || typeOf(event) === "beforeinput"))) {
      stop(event);
      prevent(event);
    }
  };
  // Those of the window itself, not of what is in it.
  const onFocus = (event) => {
    if (event.isTrusted && phaseOf(event) === 2) {
      settled = false;
      // A finger that scrolled, or a press that was prevented, brought no focus: this is another's.
      pressed &&= now() - pressedAt < 2000;
      post(echo, 0);
    }
  };
  const onBlur = (event) => {
    if (event.isTrusted && phaseOf(event) === 2) {
      pressed = false;
    }
  };
  const stand = () => {
    // Also after the tool has replaced what arrays have.
    for (let index = 0; index < types.length; index += 1) {
      listenTo(window, types[index], onKey, true);
    }
    listenTo(window, "pointerdown", onPress, true);
    listenTo(window, "pointerup", onRelease, true);
    listenTo(window, "focus", onFocus, true);
    listenTo(window, "blur", onBlur, true);
    if (onWord) {
      listenTo(window, "message", onWord, true);
    }
  };
  post(echo, 0);
  stand();
  return stand;
}
