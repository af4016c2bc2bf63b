// Says which text on the page nobody can read, and which is hard to read. It runs in the world of
// controls.js, whose object gets these functions too. Where it is not known what is behind a text
// (a picture, a gradient, an animation), nothing is said of it.
(() => {
  "use strict";

  const MOST = 600; // texts, at one time
  const MOST_RULES = 1000;
  const MOST_REVEALING = 300;
  const MOST_LOOSE = 200;
  const LONGEST = 500; // letters of a text
  const MOST_ELEMENTS = 4000;
  const MOST_TOLD = 5;
  const LEAST = 1.5; // contrast below which nobody reads it
  const SAME = 1.15; // below which nobody sees it either
  const EASY = 4.5; // WCAG 2.2, 1.4.3
  const EASY_LARGE = 3;
  const MASS = 0.7; // of the letters: no design hides so many
  const ALIKE = 4; // cards of a game
  const WHITE = [255, 255, 255, 1];
  const DARK = [18, 18, 18, 1]; // what is behind a page that asks for a dark scheme

  const REPLACED = "img,canvas,video,svg,iframe,object,embed,picture,progress,meter";
  const CONTROL = "button,a,label,input,select,textarea,summary,h1,h2,h3,h4,h5,h6,th,legend";
  const FIELDS = "input,textarea,select";
  const TYPED = new Set(["text", "search", "email", "url", "tel", "number", ""]);
  const OFF = "[aria-hidden=true],[aria-disabled=true],[inert],:disabled,svg,math,noscript";
  const KEPT_BACK =
    /(?:^|[-_\s])(?:spoiler|answer|secret|hidden|masked?|blur(?:red)?|redacted|covered|invisible|blank|gap|cloze|ghost|placeholder|back)(?:$|[-_\s])/i;
  const THEME = /dark|light|theme|night|mode|contrast/i;
  const STATE =
    /:(?:hover|focus(?:-within|-visible)?|active|checked|target|open|popover-open|(?:has|not|is|where)\([^()]*\))/g;

  // Colours

  const brush = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const colours = new Map();

  function painted(text) {
    brush.clearRect(0, 0, 1, 1);
    brush.fillStyle = "#0000";
    brush.fillStyle = text;
    brush.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = brush.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  }

  // Red, green, blue and alpha of any colour that a style can have.
  function colourOf(text) {
    if (!colours.has(text)) {
      const parts = /^rgba?\(([\d.]+), ([\d.]+), ([\d.]+)(?:, ([\d.]+))?\)$/.exec(text);
      colours.set(
        text,
        parts ? [+parts[1], +parts[2], +parts[3], Number(parts[4] ?? 1)] : painted(text),
      );
    }
    return colours.get(text);
  }

  function over([red, green, blue, alpha], under) {
    const mix = (top, index) => top * alpha + under[index] * (1 - alpha);
    return [mix(red, 0), mix(green, 1), mix(blue, 2), 1];
  }

  function luminance(colour) {
    const [red, green, blue] = colour.slice(0, 3).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  function contrast(one, other) {
    const [dark, light] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  }

  function written([red, green, blue]) {
    return `#${[red, green, blue].map((one) => Math.round(one).toString(16).padStart(2, "0")).join("")}`;
  }

  // One look. What it finds out of an element it keeps, for as long as the look takes.

  class Look {
    constructor() {
      this.styles = new Map();
      this.opacities = new Map();
      this.moving = new Set(
        document.getAnimations().filter((one) => one.playState === "running").map((one) => one.effect?.target),
      );
      this.found = null;
      this.reveals = null;
      this.revealed = new Map();
    }

    style(element) {
      if (!this.styles.has(element)) {
        this.styles.set(element, getComputedStyle(element));
      }
      return this.styles.get(element);
    }

    opacity(element) {
      if (!this.opacities.has(element)) {
        const parent = around(element);
        const own = Number(this.style(element).opacity);
        this.opacities.set(element, own * (parent ? this.opacity(parent) : 1));
      }
      return this.opacities.get(element);
    }

    paintsOf(element) {
      const style = this.style(element);
      const colour = [...colourOf(style.backgroundColor)];
      colour[3] *= this.opacity(element);
      return colour;
    }

    // Whether a colour alone says what this element paints behind a text.
    isPlain(element) {
      const style = this.style(element);
      return (
        !element.matches(REPLACED) &&
        style.backgroundImage === "none" &&
        style.filter === "none" &&
        style.mixBlendMode === "normal" &&
        (style.backdropFilter ?? "none") === "none" &&
        (style.maskImage ?? "none") === "none" &&
        !["::before", "::after"].some((part) => this.coversAs(element, part))
      );
    }

    coversAs(element, part) {
      const style = getComputedStyle(element, part);
      return (
        !["none", "normal", ""].includes(style.content) &&
        ["absolute", "fixed"].includes(style.position) &&
        (style.backgroundImage !== "none" || colourOf(style.backgroundColor)[3] > 0)
      );
    }

    paints(element) {
      return !this.isPlain(element) || this.paintsOf(element)[3] > 0.02;
    }

    // What stands somewhere else in the document, and may lie behind any text all the same.
    get loose() {
      this.found ??= [...document.querySelectorAll("*")].slice(0, MOST_ELEMENTS).filter((element) => {
        const style = this.style(element);
        const isLoose =
          ["absolute", "fixed", "sticky"].includes(style.position) || style.pointerEvents === "none";
        return isLoose && element.checkVisibility() && this.paints(element);
      }).slice(0, MOST_LOOSE);
      return this.found;
    }

    // The colour of the page itself, which html or else body gives it; null where it is a picture.
    page() {
      const { documentElement: root, body } = document;
      const scheme = this.style(root).colorScheme;
      const isDark =
        /dark/.test(scheme) && (!/light/.test(scheme) || matchMedia("(prefers-color-scheme: dark)").matches);
      for (const element of [root, body]) {
        if (element) {
          const style = this.style(element);
          const colour = colourOf(style.backgroundColor);
          if (style.backgroundImage !== "none") {
            return null;
          }
          if (colour[3] > 0) {
            return over(colour, isDark ? DARK : WHITE);
          }
        }
      }
      return isDark ? DARK : WHITE;
    }

    // What is behind a text at a point, or behind what is in an element; null where it is not known.
    behind(element, x, y, within = null) {
      const layers = this.layers(element, x, y, within);
      let under = layers && this.page();
      if (!under) {
        return null;
      }
      const sheets = [];
      for (const layer of layers) {
        if (!this.isPlain(layer)) {
          return null;
        }
        const colour = this.paintsOf(layer);
        sheets.push(colour);
        if (colour[3] > 0.99) {
          break;
        }
      }
      for (const colour of sheets.toReversed()) {
        under = over(colour, under);
      }
      return under;
    }

    layers(element, x, y, within) {
      const chain = [...lineOf(element)];
      const isInSight = x >= 0 && y >= 0 && x < innerWidth && y < innerHeight;
      if (isInSight && element.getRootNode() === document) {
        const hit = document.elementsFromPoint(x, y);
        const at = hit.indexOf(element);
        if (at >= 0) {
          const above = hit.slice(0, at).filter((one) => !within?.contains(one));
          return above.some((one) => this.paints(one)) ? null : hit.slice(at);
        }
        if (this.style(element).pointerEvents !== "none") {
          return null; // cut off, or behind something
        }
      }
      const end = chain.findIndex((one) => this.paintsOf(one)[3] > 0.99);
      const open = end < 0 ? chain : chain.slice(0, end);
      const isLoose = open.some((one) => !["static", "relative"].includes(this.style(one).position));
      return isLoose ? null : chain;
    }

    // Whether something that no look at the point told of may lie there.
    isDoubtful(element, x, y) {
      const hit = new Set(document.elementsFromPoint(x, y));
      return this.loose.some((one) => {
        if (hit.has(one) || one.contains(element) || element.contains(one)) {
          return false;
        }
        const box = one.getBoundingClientRect();
        return x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
      });
    }

    isCutAway(element) {
      return [...lineOf(element)].some((one) => {
        const style = this.style(one);
        const cuts = /hidden|clip/.test(style.overflow) && style.display !== "inline";
        return (
          style.clip !== "auto" ||
          style.clipPath !== "none" ||
          (cuts && (one.clientWidth <= 2 || one.clientHeight <= 2))
        );
      });
    }

    // Whether more than a colour says how the text looks, or how it will in a moment.
    isOdd(element) {
      const own = this.style(element);
      const isDrawn = own.textShadow !== "none" || parseFloat(own.webkitTextStrokeWidth) > 0;
      return (
        isDrawn ||
        [...lineOf(element)].some((one) => {
          const style = this.style(one);
          return style.backgroundClip.includes("text") || this.moving.has(one) || style.filter !== "none";
        })
      );
    }

    // Whether a rule waits that shows it once it is pointed at, or once a script names it.
    isRevealed(element) {
      this.reveals ??= [...colouring()]
        .slice(0, MOST_REVEALING)
        .map((rule) => [rule.selectorText, [...looser(rule.selectorText)]]);
      const line = [...lineOf(element)].filter((one) => one !== document.body && one !== document.documentElement);
      return line.some((one) => this.isRevealedItself(one));
    }

    isRevealedItself(element) {
      if (!this.revealed.has(element)) {
        const found = this.reveals.some(
          ([own, others]) => !fits(element, own) && others.some((other) => fits(element, other)),
        );
        this.revealed.set(element, found);
      }
      return this.revealed.get(element);
    }
  }

  function around(element) {
    return element.assignedSlot ?? element.parentElement ?? element.getRootNode().host ?? null;
  }

  function* lineOf(element) {
    for (let one = element; one; one = around(one)) {
      yield one;
    }
  }

  function fits(element, selector) {
    try {
      return element.matches(selector);
    } catch {
      return false; // what only its own browser, or its own rule, understands
    }
  }

  // Rules

  function* rulesOf(list) {
    for (const rule of list) {
      if (rule.selectorText !== undefined && rule.style) {
        yield rule;
      }
      const isOn = !(rule instanceof CSSMediaRule) || matchMedia(rule.conditionText).matches;
      if (rule.cssRules && isOn) {
        yield* rulesOf(rule.cssRules);
      }
    }
  }

  function* rules() {
    let left = MOST_RULES;
    for (const sheet of [...document.styleSheets, ...document.adoptedStyleSheets]) {
      let list = [];
      try {
        list = sheet.disabled ? [] : sheet.cssRules;
      } catch {
        continue; // of another origin
      }
      for (const rule of rulesOf(list)) {
        if (left-- <= 0) {
          return;
        }
        yield rule;
      }
    }
  }

  const COLOURS = ["color", "-webkit-text-fill-color", "background-color", "background-image", "opacity"];

  function* colouring() {
    for (const rule of rules()) {
      if (COLOURS.some((name) => rule.style.getPropertyValue(name) !== "")) {
        yield rule;
      }
    }
  }

  // A rule's selectors without one of the states or names that they ask for. What is left names an
  // element of its own still: ".shown" alone would fit anything.
  function* looser(selectors) {
    for (const selector of selectors.split(",").map((one) => one.trim())) {
      const still = selector.replace(STATE, "");
      if (still !== selector && isNaming(still)) {
        yield still;
      }
      for (const part of selector.match(/\.[\w-]+|\[[^\]]*\]/g) ?? []) {
        const rest = selector.replace(part, "").replace(/(^|[\s>+~])(?=[\s>+~]|$)/, "$1*");
        if (!THEME.test(part) && isNaming(rest)) {
          yield rest;
        }
      }
    }
  }

  function isNaming(selector) {
    return /[\w\])-][^\s>+~]*$/.test(selector.trim());
  }

  // The selector of the rule that gives the text its colour, where one does.
  function ruleOf(element, names) {
    for (const one of lineOf(element)) {
      let found = null;
      for (const rule of rules()) {
        const name = names.find((each) => rule.style.getPropertyValue(each) !== "");
        if (name && fits(one, rule.selectorText)) {
          const isUrgent = rule.style.getPropertyPriority(name) === "important";
          found = found?.isUrgent && !isUrgent ? found : { text: rule.selectorText, isUrgent };
        }
      }
      if (found) {
        return found.text.slice(0, 200);
      }
      if (names.some((name) => one.style?.getPropertyValue(name))) {
        return "";
      }
    }
    return "";
  }

  // Texts

  const plain = (text) => text.slice(0, LONGEST).replace(/\s+/g, " ").trim().slice(0, 60);
  const lettersOf = (text) => (text.slice(0, LONGEST).match(/[\p{L}\p{N}]/gu) ?? []).length;

  function* textsIn(root) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.nodeType === Node.TEXT_NODE) {
        const element = node.parentElement ?? node.parentNode.host;
        if (element && !element.matches("script,style,title,template,option,textarea") && node.data.trim()) {
          yield { node, element, text: node.data, field: false };
        }
      } else if (node.matches(FIELDS)) {
        const isTyped = node.localName !== "input" || TYPED.has(node.type);
        const text = node.localName === "select" ? (node.selectedOptions[0]?.label ?? "") : node.value;
        if (isTyped && text.trim()) {
          yield { node, element: node, text, field: true };
        }
      }
      if (node.shadowRoot) {
        yield* textsIn(node.shadowRoot);
      }
    }
  }

  function boxOf({ node, field }) {
    if (field) {
      return node.getBoundingClientRect();
    }
    const range = document.createRange();
    range.setStart(node, 0);
    range.setEnd(node, Math.min(node.length, LONGEST));
    return [...range.getClientRects()].find((box) => box.width >= 2 && box.height >= 2) ?? null;
  }

  // Instead of words of no size something else may be seen.
  function hasPicture(look, element) {
    return (
      element.querySelector("svg,img") !== null ||
      look.style(element).backgroundImage !== "none" ||
      ["::before", "::after"].some(
        (part) => !["none", "normal", ""].includes(getComputedStyle(element, part).content),
      )
    );
  }

  // A card of a game, a cell of a board: there are more of it, and it is there to be turned.
  function isOneOfMany(look, element) {
    const own = [...lineOf(element)].find((one) => look.style(one).cursor === "pointer" || one.localName === "button");
    const twins = [...(own?.parentElement?.children ?? [])].filter(
      (one) => one.localName === own.localName && one.className === own.className,
    );
    return twins.length >= ALIKE;
  }

  // A text on a block of its own colour, that is seen as one: it waits to be pointed at.
  function isBlock(look, element, colour, x, y) {
    const own = look.paintsOf(element);
    const parent = around(element);
    const under = own[3] > 0.9 && parent && !element.matches(CONTROL) ? look.behind(parent, x, y, element) : null;
    return under !== null && contrast(own, colour) < SAME && contrast(own, under) > LEAST;
  }

  function judge(look, one) {
    const { element, text, field } = one;
    const style = look.style(element);
    const letters = lettersOf(text);
    const isOut = element.closest(OFF) !== null || !element.checkVisibility({ visibilityProperty: true });
    if (letters === 0 || isOut) {
      return null;
    }
    if (parseFloat(style.fontSize) < 1 && !field) {
      return hasPicture(look, element) || look.isCutAway(element) ? null : { letters, is: "small" };
    }
    const box = boxOf(one);
    const opacity = look.opacity(element);
    if (!box || opacity < 0.05 || look.isCutAway(element)) {
      return null;
    }
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    const ink = [...colourOf(field ? style.color : style.webkitTextFillColor)];
    const isOverlay = field && ink[3] < 0.9; // coloured words lie over it, or under it
    const under = isOverlay || look.isOdd(element) ? null : look.behind(element, x, y);
    if (!under) {
      return { letters, is: "seen", isUnknown: true };
    }
    ink[3] *= opacity;
    const shown = over(ink, under);
    const ratio = contrast(shown, under);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio >= (isLarge ? EASY_LARGE : EASY) || look.isDoubtful(element, x, y)) {
      return { letters, is: "seen" };
    }
    const names = `${element.className} ${element.parentElement?.className ?? ""}`;
    const faint = { letters, ratio, colour: written(shown), behind: written(under), is: "hard" };
    if (ratio < (letters < 3 ? SAME : LEAST)) {
      const isKept =
        isBlock(look, element, shown, x, y) ||
        KEPT_BACK.test(names) ||
        isOneOfMany(look, element) ||
        look.isRevealed(element);
      return { ...faint, is: "same", isKept };
    }
    return faint;
  }

  // What JavaScript makes of a thing that is no text, where a text was to be.
  const GARBLED = /\[object (?:Object|Promise|Event|[A-Z]\w*Event|HTML\w*Element|NodeList|Response|Blob)\]/;
  let garbled = null;

  // What each look found, by the scheme of colours in which it was.
  const looks = new Map();

  function hasOwnColours(element) {
    return [...lineOf(element)].some((one) => /color|background/.test(one.getAttribute("style") ?? ""));
  }

  // Everything that could not be read so far, at this look or an earlier one, and at no other.
  function legible(scheme) {
    if (!looks.has(scheme)) {
      looks.set(scheme, { times: 0, fine: new WeakSet(), texts: new Set(), bad: new Map(), hard: new Map(), asked: 0 });
    }
    const kept = looks.get(scheme);
    const look = new Look();
    const letters = { seen: 0, same: 0, small: 0, kept: 0 };
    const hard = new Map(kept.hard); // by text: what is drawn anew is no other
    let small = null;
    let left = MOST;
    for (const one of textsIn(document)) {
      const found = judge(look, one);
      if (found) {
        const text = plain(one.text);
        letters[found.is === "hard" ? "seen" : found.is] += found.letters;
        small ??= found.is === "small" ? one.element : null;
        letters.kept += found.is === "same" && found.isKept ? found.letters : 0;
        const isLate = kept.times > 0 || scheme !== "light";
        if (found.is !== "same" && found.is !== "small" && !found.isUnknown) {
          kept.fine.add(one.node);
          kept.texts.add(text);
          kept.bad.delete(one.node);
        } else if (found.is === "same" && !kept.fine.has(one.node) && !(isLate && hasOwnColours(one.element))) {
          const known = kept.bad.get(one.node);
          const isAsked = known || kept.bad.size < MOST_TOLD || (!found.isKept && kept.asked < MOST_TOLD);
          kept.asked += isAsked && !known ? 1 : 0;
          const rule = known?.rule ?? (isAsked ? ruleOf(one.element, ["-webkit-text-fill-color", "color"]) : "");
          const late = known?.late ?? kept.times > 0;
          kept.bad.set(one.node, { ...found, text, rule, late, field: one.field });
        }
        if (found.is === "hard" && !hard.has(text)) {
          const rule = hard.size < MOST_TOLD ? ruleOf(one.element, ["color"]) : "";
          hard.set(text, { ...found, text, field: one.field, rule });
        } else if (found.is === "seen" && !found.isUnknown) {
          hard.delete(text);
        }
        if (!one.field && GARBLED.test(one.text) && !one.element.closest("pre,code,samp")) {
          garbled ??= { text, said: GARBLED.exec(one.text)[0] };
        }
      }
      if (--left === 0) {
        break;
      }
    }
    // What was there at first may have come in, or gone.
    kept.hard = kept.times > 0 ? hard : new Map();
    kept.times += 1;
    const isMass = letters.same > MASS * (letters.same + letters.seen);
    const same = [...kept.bad.values()].filter(
      (one) => (isMass || !one.isKept) && !kept.texts.has(one.text),
    );
    const isSmall = letters.small > (letters.seen + letters.same + letters.small) / 2;
    return {
      same: same.slice(0, MOST_TOLD), count: same.length,
      hard: [...hard.values()].slice(0, MOST_TOLD), hardCount: hard.size, garbled,
      small: isSmall ? { rule: ruleOf(small, ["font-size"]) } : null, letters,
    };
  }

  // Whether something around it scrolls, or cuts it off, so that it makes no page wider.
  function isHeld(element) {
    return [...lineOf(element)].slice(1).some((one) => {
      const isPage = one === document.body || one === document.documentElement;
      return !isPage && getComputedStyle(one).overflowX !== "visible";
    });
  }

  // How much wider than the window the document is, and what sticks out the farthest.
  function width() {
    const page = document.scrollingElement ?? document.documentElement;
    const beyond = page.scrollWidth - page.clientWidth;
    let widest = null;
    for (const element of [...document.querySelectorAll("body *")].slice(0, MOST_ELEMENTS)) {
      const { right } = element.getBoundingClientRect();
      if (beyond > 0 && right > Math.max(page.clientWidth, widest?.right ?? 0) + 1 && !isHeld(element)) {
        widest = { element, right };
      }
    }
    const element = widest?.element;
    return {
      over: beyond,
      name: element ? element.localName : "",
      id: element?.id.slice(0, 80) ?? "",
      class: element ? String(element.getAttribute("class") ?? "").slice(0, 80) : "",
    };
  }

  // What the page tells a person who did something wrong.
  const MESSAGE =
    "[role=alert],[role=status],[aria-live],[aria-invalid=true],output,dialog[open]," +
    ["error", "err", "msg", "message", "warn", "hint", "alert", "toast", "status", "feedback", "notice", "why"]
      .map((word) => `[id*="${word}" i],[class*="${word}" i]`)
      .join(",");
  const MOST_SAID = 50;
  let changed = [];
  new MutationObserver((records) => {
    for (const { target, addedNodes } of records.slice(-MOST_SAID)) {
      for (const node of [target, ...[...addedNodes].slice(-MOST_SAID)]) {
        const element = node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement;
        if (element) {
          changed.push(new WeakRef(element));
        }
      }
    }
    changed = changed.slice(-MOST_SAID);
  }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });

  // What was said before belongs to what was done before.
  function unsay() {
    changed = [];
  }

  // Whether the page has said this since then, and what messages have come.
  function told(text) {
    const shown = changed
      .map((one) => one.deref())
      .filter((one) => one?.isConnected && one.checkVisibility({ opacityProperty: true, visibilityProperty: true }));
    const said = shown.filter(
      (one) => one !== document.body && one.textContent.length < 20 * LONGEST && (one.innerText ?? "").trim(),
    );
    return {
      same: said.some((one) => one.innerText.includes(text)),
      said: [...new Set(said.filter((one) => one.closest(MESSAGE)).map((one) => one.innerText.slice(0, LONGEST)))],
    };
  }

  return { legible, width, told, unsay };
})()
