/**
 * Attempts at attacks: with no walls first, until each is heard, then as a tool, while nothing may
 * be heard. Whether a tool's document ran at all is told by its bridge, as of any tool.
 */
import { ask } from "./api.js";
import { countMessages } from "./host/floods.js";
import { openPort } from "./host/port.js";

const CONTROL_MS = 10_000;
const START_MS = 10_000;
const QUIET_MS = 1800;
const POLL_MS = 200;

/**
 * `lend` lends a hand, tabs and eyes (`sandwright prove` does), or is null in a person's browser;
 * `ended` is settled when the person has had enough.
 * Both functions return, for each case, what was seen: `control` and `attack`, whether it was
 * heard, `ran`, whether the tool's document did and was acted on, and `how` it got out.
 */
export function attempts({ id, sandbox, allow, stage, lend, ended }) {
  const pause = (ms) => Promise.race([new Promise((done) => setTimeout(done, ms)), ended]);
  const heardSoFar = () => ask("GET", `/prove/${id}/heard`);
  let over = false;
  ended.then(() => (over = true));

  async function until(ms, holds) {
    const start = performance.now();
    const look = async () => {
      if (over || (await holds()) || performance.now() - start > ms) return;
      await pause(POLL_MS);
      await look();
    };
    await look();
  }

  function frame(url, attributes = {}) {
    const made = document.createElement("iframe");
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.referrerPolicy = "no-referrer";
    made.src = url;
    stage.append(made);
    return made;
  }

  /**
   * The attack as a tool. It has run once its document was read to the end or has loaded; or had
   * begun when it left for another address, which ends the reading. One that floods this page is
   * removed: it has not run.
   */
  function hold(one) {
    const held = { ran: false, frame: frame(one.attack, { sandbox, allow, "data-attack": one.name }) };
    let begun = false;
    const ran = () => (held.ran = true);
    const flooded = () => held.remove();
    const flood = countMessages(held.frame, flooded);
    const port = openPort(held.frame, one.key, {
      loaded: ran,
      leaving: () => begun && ran(),
      console({ text }) {
        begun ||= text === `begun ${one.mark}`;
        if (text === `ended ${one.mark}`) ran();
      },
    }, { hello: () => port.tell({ type: "free", yes: true }), heard: flood.count, flooded });
    held.remove = () => {
      flood.close();
      port.close();
      held.frame.remove();
    };
    return held;
  }

  async function together(batch) {
    const controls = batch.map((one) => frame(one.control));
    await until(CONTROL_MS, async () => {
      const heard = await heardSoFar();
      return batch.every((one) => heard[one.name]?.control);
    });
    for (const one of controls) one.remove();
    const held = batch.map(hold);
    await until(START_MS, () => held.every(({ ran }) => ran));
    await pause(QUIET_MS);
    for (const one of held) one.remove();
    const heard = await heardSoFar();
    return batch.map(({ name }, at) => ({ ...heard[name], ran: held[at].ran }));
  }

  /** With real input, one attack at a time, and its control in a tab of its own. */
  async function byHand(one) {
    let seen = {};
    const sees = async (part) => {
      seen = { ...(await lend({ part: "look" })), ...(await heardSoFar())[one.name] };
      return seen[part] || seen.gained || seen.looked_up;
    };
    await lend({ part: "control", ...one });
    await until(CONTROL_MS, () => sees("control"));
    const control = Boolean(seen.control || seen.gained || seen.looked_up);
    await lend({ part: "end" });

    const held = hold(one);
    await until(START_MS, () => held.ran);
    const { acted } = await lend({ part: "attack", ...one });
    await pause(QUIET_MS);
    await sees("attack");
    await lend({ part: "end" });
    held.remove();
    const { attack, opened, gained, looked_up: lookedUp } = seen;
    const how = [opened && "opened a tab", gained && "gained the power", lookedUp && "looked a name up"];
    return { control, attack: Boolean(attack) || how.some(Boolean), ran: held.ran && acted, how: how.find(Boolean) || "" };
  }

  return { together, byHand };
}
