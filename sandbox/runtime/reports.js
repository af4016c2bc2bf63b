// What the tool does, told to the page: its console, its errors and what the walls kept inside, in
// the line numbers of the tool's own document. A tool that breaks its own reports can only break
// its own reports.

// As FRAME_PREFIX_LINES in assembly.py: positions are told in the tool's own document.
const PREFIX_LINES = 1;
const MAX_TEXT = 2000;
const MAX_ENTRIES = 20;
const ownUrl = withoutHash(documentUrl(document));

function cut(value) {
  return slice(toText(value), 0, MAX_TEXT);
}

function withoutHash(url) {
  return split(url, "#")[0];
}

// Where in the tool's document, or nowhere: other files and our own line do not count.
function position(file, line, column) {
  const own = file !== "" && withoutHash(toText(file)) === ownUrl && line > PREFIX_LINES;
  return own ? { line: line - PREFIX_LINES, column } : { line: null, column: null };
}

// The first place in the tool's own document on a stack, in any engine's notation.
function stackPosition(stack) {
  if (typeof stack === "string") {
    const lines = split(slice(stack, 0, 4 * MAX_TEXT), "\n");
    for (let index = 0; index < lines.length; index += 1) {
      const found = exec(/(?:^|[(@\s])(\w+:\/\/[^\s()]+):(\d+):(\d+)\)?$/, lines[index]);
      const place = found && position(found[1], +found[2], +found[3]);
      if (place && place.line !== null) {
        return place;
      }
    }
  }
  return { line: null, column: null };
}

// A short, bounded description; accessors are not run, nested values are not opened.
function describe(value, nested) {
  if (typeof value === "string") {
    return nested ? `"${slice(value, 0, 100)}"` : value;
  }
  if (isError(value)) {
    return `${value.name}: ${value.message}`;
  }
  if (typeof value === "function") {
    return "ƒ";
  }
  if (typeof value !== "object" || value === null) {
    return toText(value);
  }
  if (isElement(value)) {
    return `<${value.localName}>`;
  }
  if (nested) {
    return isArray(value) ? "[…]" : "{…}";
  }
  return describeEntries(value);
}

function describeEntries(value) {
  const list = isArray(value);
  const keys = ownKeys(value);
  const texts = [];
  for (let index = 0; index < keys.length && texts.length < MAX_ENTRIES; index += 1) {
    const field = getOwnPropertyDescriptor(value, keys[index]);
    if (field && field.enumerable && typeof keys[index] === "string") {
      const text = "value" in field ? describe(field.value, true) : "…";
      texts[texts.length] = list ? text : `${keys[index]}: ${text}`;
    }
  }
  const rest = keys.length > MAX_ENTRIES ? ", …" : "";
  return list ? `[${join(texts, ", ")}${rest}]` : `{${join(texts, ", ")}${rest}}`;
}

function describeAll(values) {
  const texts = [];
  for (let index = 0; index < values.length && index < MAX_ENTRIES; index += 1) {
    try {
      texts[index] = slice(describe(values[index], false), 0, MAX_TEXT);
    } catch {
      // A value whose own code throws while it is read is still worth a word.
      texts[index] = "[unreadable]";
    }
  }
  return cut(join(texts, " "));
}

// A flood of the browser's own console takes the time of everybody who reads it, and of the
// browser: past a million characters at once, and 200,000 a second, lines go no further there, and
// it is said how many. Errors and warnings count apart, so that no other line keeps them away.
const SHOWN_BURST = 1e6;
const SHOWN_PER_MS = 200;
const SHOWN_AGAIN = 1e5;
const PER_LINE = 100;
const PER_OBJECT = 1000;

function budget() {
  let left = SHOWN_BURST;
  let filled = now();
  let withheld = 0;
  return (values) => {
    const time = now();
    left += (time - filled) * SHOWN_PER_MS;
    left = left > SHOWN_BURST ? SHOWN_BURST : left;
    filled = time;
    if (left <= (withheld > 0 ? SHOWN_AGAIN : 0)) {
      withheld += 1;
      return false;
    }
    if (withheld > 0) {
      warn(`${withheld} lines were too many at once and are not in this console.`);
      withheld = 0;
    }
    left -= PER_LINE;
    for (let index = 0; index < values.length; index += 1) {
      const value = values[index];
      const plain = value === null || (typeof value !== "object" && typeof value !== "function");
      left -= typeof value === "string" ? value.length : plain ? 0 : PER_OBJECT;
    }
    left = left < -SHOWN_BURST ? -SHOWN_BURST : left;
    return true;
  };
}

function watchConsole() {
  const severe = budget();
  const other = budget();
  let busy = false;
  const watch = (level, mayShow, report) => {
    const native = console[level];
    const watched = {
      [level](...values) {
        const said = level !== "assert" || !values[0];
        if (said && mayShow(values)) {
          apply(native, console, values);
        }
        // Describing a value can run the tool's code (a proxy's), which may log again.
        if (said && report && !busy) {
          busy = true;
          reportConsole(level, values);
          busy = false;
        }
      },
    };
    console[level] = watched[level];
  };
  ["warn", "error", "assert"].forEach((level) => watch(level, severe, true));
  ["log", "info", "debug"].forEach((level) => watch(level, other, true));
  const untold = ["count", "dir", "dirxml", "group", "groupCollapsed", "table", "timeLog", "trace"];
  untold.forEach((level) => console[level] && watch(level, other, false));
}

function reportConsole(level, values) {
  const severe = level === "error" || level === "warn" || level === "assert";
  const place = severe ? stackPosition(new NativeError().stack) : { line: null, column: null };
  const told = level === "assert" ? "error" : level;
  const prefix = level === "assert" ? "Assertion failed: " : "";
  if (level === "assert") {
    values[0] = "";
  }
  send({ type: "console", level: told, text: cut(prefix + describeAll(values)), ...place });
}

function onError(event) {
  // A tool can dispatch events of its own; only the browser's count.
  if (!event.isTrusted) {
    return;
  }
  const target = targetOf(event);
  if (isElement(target)) {
    const uri = target.currentSrc || target.src || target.href || "";
    send({ type: "resource", tag: cut(target.localName), uri: cut(uri) });
  } else if (target === window) {
    const { message, filename, lineno, colno } = errorEvent;
    const place = position(filename(event), lineno(event), colno(event));
    send({ type: "error", message: cut(message(event)), ...place });
  }
}

function onRejection(event) {
  if (event.isTrusted) {
    const reason = reasonOf(event);
    const place = stackPosition(isError(reason) ? reason.stack : null);
    send({ type: "rejection", message: describeAll([reason]), ...place });
  }
}

function onViolation(event) {
  if (event.isTrusted) {
    const { directive, uri, file, line, column } = violation;
    const place = position(file(event), line(event), column(event));
    send({ type: "violation", directive: cut(directive(event)), uri: cut(uri(event)), ...place });
  }
}

// Again after `document.open`, which takes every listener away.
function watchWindow() {
  addListener(window, "error", onError, true);
  addListener(window, "unhandledrejection", onRejection, true);
  addListener(window, "securitypolicyviolation", onViolation, true);
}

function installReports() {
  watchConsole();
  watchWindow();
  const ready = (event) => {
    if (event.isTrusted) {
      window.removeEventListener("DOMContentLoaded", ready, true);
      deliver({ type: "ready" });
    }
  };
  window.addEventListener("DOMContentLoaded", ready, true);
  window.addEventListener("load", (event) => {
    if (event.isTrusted && targetOf(event) === document) {
      deliver({ type: "loaded" });
    }
  }, true);
}
