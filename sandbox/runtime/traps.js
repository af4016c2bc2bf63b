// What would hold a person fast, bounded in a realm before any of the tool's code runs in it:
// dialogs one after another, the question whether to leave, entries in the history without end.
//
// A nested document gets the source of this very function in front, with no arguments: it may
// show no dialog and make no entry. So the function uses nothing of this closure but its
// arguments, and takes at its start every native that it needs.

// `tell(message)` reaches the page around the tool, `whenActed(handler)` hears of a person's acts,
// `shown` dialogs were there since the last of them, in earlier documents of this frame.
// `whenAlien(handler)` hears that the browser keeps no entries of this frame: then steps are made here.
// Returns what must be done again after `document.open`.
function setTraps(tell, whenActed, shown, whenAlien) {
  "use strict";
  const { apply, defineProperty, getOwnPropertyDescriptor } = Reflect;
  const { setPrototypeOf } = Object;
  const unbound = (method) => Function.prototype.call.bind(method);
  const nested = tell === undefined;
  const MAX_DIALOGS = nested ? 0 : 3;
  const MAX_ENTRIES = nested ? 0 : 5;
  // Where browsers stop counting: entries beyond push out older ones.
  const FULL_HISTORY = 50;
  // Ten documents may come, the tool's own and those under way when the frame goes among them.
  const MAX_RELOADS = 6;
  const dataOf = unbound(getOwnPropertyDescriptor(MessageEvent.prototype, "data").get);
  const stop = unbound(Event.prototype.stopImmediatePropagation);
  const lower = unbound(String.prototype.toLowerCase);
  const listenTo = unbound(EventTarget.prototype.addEventListener);
  const { history, parent: up } = window;
  const lengthOf = unbound(getOwnPropertyDescriptor(History.prototype, "length").get);
  const say = (message) => {
    if (!nested) {
      tell(message);
    }
  };
  let dialogs = shown ?? 0;
  let entries = 0;
  let pushing = 0;
  let behind = 0;
  let ahead = 0;
  let length = lengthOf(history);
  let reloads = 0;
  const told = { __proto__: null };

  whenActed?.(() => {
    dialogs = 0;
    entries = 0;
    reloads = 0;
    told.dialog = false;
    told.history = false;
  });

  const once = (type, message) => {
    if (!told[type]) {
      told[type] = true;
      say(message);
    }
  };

  const replace = (owner, name, make) => {
    const found = getOwnPropertyDescriptor(owner, name);
    if (found && found.value) {
      defineProperty(owner, name, { ...found, value: make(unbound(found.value), found.value)[name] });
    }
  };

  // The real ones, with their real results, as long as a person sits before them.
  const bounded = (name, refused, takes) => replace(window, name, (_, show) => ({
    [name](...given) {
      // The tool's own code, which may not end or ask again, runs before a dialog is counted and said to be
      // there. What stands below runs none of it: not even a list is spread, whose iterator may be the tool's.
      for (let index = 0; index < takes && index < given.length; index += 1) {
        given[index] = given[index] === undefined ? undefined : `${given[index]}`;
      }
      if (dialogs >= MAX_DIALOGS) {
        once("dialog", { type: "dialog", refused: name });
        return refused;
      }
      dialogs += 1;
      say({ type: "dialog", open: true });
      if (name === "print") {
        // Before it is shown, listeners of the tool's run.
        say({ type: "dialog", open: false });
        return apply(show, window, given);
      }
      try {
        return apply(show, window, given);
      } finally {
        say({ type: "dialog", open: false });
      }
    },
  }));
  bounded("alert", undefined, 1);
  bounded("confirm", false, 1);
  bounded("prompt", null, 2);
  bounded("print", undefined, 0);
  // The same dialog by another name.
  const { print } = window;
  replace(Document.prototype, "execCommand", (execute) => ({
    execCommand(command, interactive, value) {
      const name = `${command}`;
      if (lower(name) === "print") {
        print();
        return true;
      }
      return execute(this, name, interactive, value);
    },
  }));

  // The tool's own entries, in places that its steps lead to.
  // With no prototype: what the tool has put into that of arrays would run in the midst of counting.
  const own = setPrototypeOf([], null);
  let at = 0;
  let alien = false;
  whenAlien?.(() => (alien = true));
  const { prototype: past } = History;
  const stateOf = unbound(getOwnPropertyDescriptor(past, "state").get);
  const { replaceState } = past;
  const dispatch = unbound(EventTarget.prototype.dispatchEvent);
  const later = setTimeout.bind(window);
  const { PopStateEvent, HashChangeEvent } = window;
  const here = () => ({ state: stateOf(history), url: location.href });
  const enter = () => {
    at += 1;
    own.length = at;
    own[at] = here();
    if (at > FULL_HISTORY) {
      for (let index = 0; index < at; index += 1) {
        own[index] = own[index + 1];
      }
      own.length = at;
      at -= 1;
    }
    entries += 1;
    behind += 1;
    ahead = 0;
    if (entries > MAX_ENTRIES) {
      once("history", { type: "history" });
    }
  };

  replace(past, "pushState", (_, push) => ({
    pushState(...given) {
      if (entries + pushing >= MAX_ENTRIES) {
        apply(replaceState, this, given);
      } else {
        const left = here();
        // What is put there is read meanwhile, and may push again.
        pushing += 1;
        try {
          apply(push, this, given);
        } finally {
          pushing -= 1;
        }
        own[at] = left;
        enter();
        length = lengthOf(history);
      }
    },
  }));

  // A tool goes back and forth among its own entries; the others are the page's around it.
  const step = (native, self, count) => {
    if (count <= 0 ? behind < -count : ahead < count) {
      return;
    }
    behind += count;
    ahead -= count;
    if (alien) {
      move(count);
    } else {
      native(self, count);
    }
  };
  // Each step begins where the one before it ended.
  const move = (count) => {
    later(() => {
      const to = own[at + count];
      if (!to) {
        return;
      }
      const { url: oldURL } = (own[at] = here());
      at += count;
      apply(replaceState, history, [to.state, "", to.url]);
      length = lengthOf(history);
      dispatch(window, new PopStateEvent("popstate", { state: stateOf(history) }));
      if (oldURL !== to.url) {
        dispatch(window, new HashChangeEvent("hashchange", { oldURL, newURL: to.url }));
      }
    });
  };
  const go = unbound(past.go);
  replace(past, "go", () => ({
    go(delta = 0) {
      const count = delta | 0;
      if (count !== 0) {
        step(go, this, count);
      } else if (!nested) {
        go(this, 0);
      }
    },
  }));
  replace(past, "back", () => ({
    back() {
      step(go, this, -1);
    },
  }));
  replace(past, "forward", () => ({
    forward() {
      step(go, this, 1);
    },
  }));

  const oldOf = unbound(getOwnPropertyDescriptor(HashChangeEvent.prototype, "oldURL").get);
  // `location.hash` cannot be replaced, so what it did is counted.
  const onHash = (event) => {
    const current = lengthOf(history);
    if (event.isTrusted && (current > length || current >= FULL_HISTORY)) {
      own[at] = { state: own[at] ? own[at].state : null, url: oldOf(event) };
      enter();
    }
    length = current;
  };

  // A nested document tells when it has loaded itself again; what the tool loads into it is none of this.
  const onMessage = (event) => {
    const data = dataOf(event);
    if (typeof data !== "object" || data === null || data.sandwright !== "reloaded") {
      return;
    }
    stop(event);
    reloads += 1;
    if (nested) {
      up.postMessage({ sandwright: "reloaded" }, "*");
    } else if (reloads > MAX_RELOADS) {
      once("loads", { type: "loads" });
    }
  };
  // WebKit keeps no entry for a `srcdoc`.
  // In Firefox a `srcdoc` in a sandboxed frame has no `performance`.
  const visits = window.performance;
  const [visit] = visits?.getEntriesByType("navigation") ?? [];
  const again = visit ? visit.type === "reload" : visits?.navigation?.type === 1;
  if (nested && again) {
    up.postMessage({ sandwright: "reloaded" }, "*");
  }

  const stand = () => {
    listenTo(window, "message", onMessage, true);
    listenTo(window, "beforeunload", (event) => stop(event), true);
    listenTo(window, "hashchange", onHash, true);
  };
  stand();
  return stand;
}
