// Tells the page when the tool uses a capability that a person can grant, or that cannot be had at
// all here, so that the person can be asked. The call itself goes on as the browser decides.

const definePropertyNow = Object.defineProperty;

function watchCalls(owner, names, capabilityOf) {
  names.forEach((name) => {
    const native = owner && owner[name];
    if (typeof native !== "function") {
      return;
    }
    const watched = {
      [name](...values) {
        tellAsked(capabilityOf, values);
        return apply(native, this, values);
      },
    }[name];
    const old = getOwnPropertyDescriptor(owner, name);
    definePropertyNow(owner, name, { __proto__: null, ...old, value: watched });
  });
}

const askedFor = { __proto__: null };

// Once for each document: a tool may well ask for a position every second.
function tellAsked(capabilityOf, values) {
  const capability = capabilityOf(values);
  if (capability !== null && !askedFor[capability]) {
    askedFor[capability] = true;
    send({ type: "asked", capability });
  }
}

function ofMedia([wanted]) {
  try {
    return wanted.video ? "camera" : "microphone";
  } catch {
    // Asked for nothing, or by an object that throws: the browser will say so.
    return null;
  }
}

function installAsked() {
  const prototypeOf = (name) => window[name] && window[name].prototype;
  watchCalls(prototypeOf("Geolocation"), ["getCurrentPosition", "watchPosition"], () => "geolocation");
  watchCalls(prototypeOf("Clipboard"), ["read", "readText"], () => "clipboard_read");
  watchCalls(prototypeOf("MediaDevices"), ["getUserMedia"], ofMedia);
}
