/**
 * Keeps what is being typed until it was sent: a reload or a crash loses nothing. `forget(sent)`
 * forgets no more than that: words typed while they were on their way stay.
 */
export function draft(box, key) {
  try {
    if (!box.value) box.value = localStorage.getItem(key) ?? "";
    box.addEventListener("input", () => keep(box.value));
  } catch {
    // Storage may be blocked: typing still works.
  }

  function keep(text) {
    try {
      if (text) localStorage.setItem(key, text);
      else localStorage.removeItem(key);
    } catch {
      // As above.
    }
  }
  return {
    forget(sent) {
      if (box.value === sent) keep("");
    },
  };
}
