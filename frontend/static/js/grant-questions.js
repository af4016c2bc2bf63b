import { arm } from "./host/arming.js";
import { made } from "./host/made.js";

const UNARMED_MS = 700;
const MOST_A_LOAD = 5;
const MOST_A_VISIT = 15;

const SAYS = {
  geolocation: "This tool asked where you are.",
  clipboard_read: "This tool asked to read your clipboard.",
  camera: "This tool asked for the camera. A tool is walled off here in a way that browsers give no camera to.",
  microphone:
    "This tool asked for the microphone. A tool is walled off here in a way that browsers give no microphone to.",
};
const CANNOT_BE_HAD = new Set(["camera", "microphone"]);

/**
 * One question at a time in its place above the tool, the others wait. It is announced, it never
 * takes the focus, and it never covers the tool.
 */
export class GrantQuestions {
  #place;
  #answer;
  #waiting = [];
  #known = new Set();
  #ofThisLoad = 0;
  #ofThisVisit = 0;

  /** `answer(asked, allow)` is told what the person said; it may fail, and says so itself. */
  constructor(place, answer) {
    this.#place = place;
    this.#answer = answer;
  }

  /** The tool's document loads anew. What has been asked is not asked twice. */
  loaded() {
    this.#ofThisLoad = 0;
  }

  /** Asks once, if there is room; `asked` is a canonical origin or the name of a capability. */
  ask(asked) {
    if (this.#known.has(asked) || this.#ofThisLoad >= MOST_A_LOAD || this.#ofThisVisit >= MOST_A_VISIT) return;
    this.#known.add(asked);
    this.#ofThisLoad += 1;
    this.#ofThisVisit += 1;
    this.#waiting.push(asked);
    if (this.#waiting.length === 1) this.#show();
    else this.#count();
  }

  /** It may be asked again: the person took an answer back. */
  forget(asked) {
    this.#known.delete(asked);
  }

  /** Another version is in sight: what the last one asked for is no longer a question. */
  clear() {
    this.#waiting.length = 0;
    this.#known.clear();
    this.#show();
  }

  #show() {
    const [asked] = this.#waiting;
    if (asked === undefined) {
      this.#place.replaceChildren();
      return;
    }
    const question = made("div", "question");
    question.append(words(asked), this.#buttons(asked), made("span", "question-count quiet measure"));
    this.#place.replaceChildren(question);
    this.#count();
  }

  #buttons(asked) {
    const row = made("div", "question-answers");
    const answers = CANNOT_BE_HAD.has(asked)
      ? [["Understood", null]]
      : [
          ["Allow for this tool", true],
          ["Keep blocked", false],
        ];
    for (const [label, allow] of answers) {
      const button = made("button", "button", label);
      // A click that was meant for the tool, or for the question before, must not answer this one.
      const counts = allow ? arm(button) : rested(button);
      button.addEventListener("click", (event) => {
        if (counts(event) && this.#waiting[0] === asked) this.#answered(asked, allow);
      });
      row.append(button);
    }
    return row;
  }

  #answered(asked, allow) {
    const hadFocus = this.#place.contains(document.activeElement);
    this.#waiting.shift();
    this.#show();
    // Who answered by keyboard goes on from the next question, or from the views.
    if (hadFocus) (this.#place.querySelector("button") ?? views()).focus();
    if (allow !== null) this.#answer(asked, allow);
  }

  #count() {
    const waiting = this.#waiting.length;
    this.#place.querySelector(".question-count").textContent = waiting > 1 ? `1 of ${waiting}` : "";
  }
}

/** What grants nothing waits a moment only, however much is clicked. */
function rested(button) {
  button.setAttribute("aria-disabled", "true");
  setTimeout(() => button.removeAttribute("aria-disabled"), UNARMED_MS);
  return () => !button.hasAttribute("aria-disabled");
}

/** The views' own control: tabs, or on a phone a select in their place. */
function views() {
  const all = document.querySelectorAll('[role="tab"][aria-selected="true"], [data-views] select');
  return [...all].find((one) => one.checkVisibility()) ?? document.body;
}

function words(asked) {
  const text = made("p", "question-words", SAYS[asked] ?? "This tool tried to reach ");
  if (!(asked in SAYS)) text.append(made("code", "", asked), ".");
  return text;
}
