// The keyboard: what a person types in a box of the page around the tool is heard by no document of
// the tool's, in whatever way one of them came to have the focus. Keys pass after a press here, and
// while the page around says that no box of its own has them.
//
// Nested documents get the source of this very function in front, as that of setTraps. They hear
// of the page itself, through a port that it sends to their window when they ask: the first listener
// there is here, so that no code of the tool's can have it.

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
  const [dataOf, portsOf, sourceOf] = ["data", "ports", "source"].map((name) =>
    getter(MessageEvent.prototype, name),
  );
  const post = unbound(MessagePort.prototype.postMessage);
  const start = unbound(MessagePort.prototype.start);
  // As traps.js says, there may be none.
  const clock = window.performance ?? Date;
  const now = clock.now.bind(clock);
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
  let onPort = null;
  if (hear) {
    hear(set);
  } else {
    let port = null;
    // When a press was that the page could not be told of yet.
    let untold = null;
    tellPress = (at) => {
      untold = at;
      if (port !== null) {
        post(port, now() - at);
        untold = null;
      }
    };
    onPort = (event) => {
      // Only the page itself posts as the page.
      if (!event.isTrusted || sourceOf(event) !== top || portsOf(event).length !== 1) {
        return;
      }
      stop(event);
      // The first is as good as any. A newer one would silence it before what it still has to say,
      // and a tool can ask for one.
      if (port !== null) {
        return;
      }
      port = portsOf(event)[0];
      listenTo(port, "message", (said) => set(dataOf(said)));
      settled = false;
      start(port);
      post(echo, 0);
      if (untold !== null) {
        tellPress(untold);
      }
    };
    // One port is the question itself: the page reads nothing of what is posted to it.
    top.postMessage("keys", "*", [new MessageChannel().port2]);
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
    tellPress(timeOf(event));
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
    if (onPort) {
      listenTo(window, "message", onPort, true);
    }
  };
  post(echo, 0);
  stand();
  return stand;
}
