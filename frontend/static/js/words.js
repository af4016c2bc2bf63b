const REPAIRS = new Set(["fix", "repair", "mechanical"]);
const number = (value) => Math.round(value).toLocaleString("en");

/**
 * What is happening, in words: "Writing, 1,240 tokens, 9 s, 138/s, gpt-4.1". The model is last: a name may
 * be of any length, and where there is no room it is what is cut.
 */
export function activityWords(run) {
  const verb = REPAIRS.has(run.kind) ? repairing(run) : "Writing";
  if (run.state === "queued" || (run.state === "streaming" && !run.begun)) {
    const waits = run.begun === false && run.thinking ? "Thinking" : `Waiting for ${run.label}`;
    return run.attempt ? `${verb}. ${waits}` : waits;
  }
  if (run.state === "streaming") {
    const { output, seconds, tokens_per_second: pace } = run.usage ?? {};
    const facts = [verb];
    if (output) facts.push(output === 1 ? "1 token" : `${number(output)} tokens`);
    if (seconds >= 1) facts.push(`${number(Math.floor(seconds))} s`);
    if (pace) facts.push(`${number(pace)}/s`);
    return [...facts, run.model].join(", ");
  }
  if (run.state === "testing") {
    const { message, done, total } = run.progress ?? {};
    if (!message) return "Testing";
    return `Testing: ${message}${total ? `, ${done} of ${total}` : ""}`;
  }
  return "";
}

/** Those that start by themselves say how many there may be. */
function repairing({ attempt }) {
  return attempt ? `Repairing, attempt ${attempt.number} of ${attempt.of}` : "Repairing";
}

/**
 * How far the ruler is filled, from 0 to 1. A change is measured against the version it starts
 * from; for a first version nobody knows the length, so the ruler slows as it goes.
 */
export function fill(run) {
  if (run.state === "testing") return 0.92 + 0.08 * ((run.progress?.done ?? 0) / (run.progress?.total || 1));
  const tokens = run.usage?.output ?? run.characters / 4;
  if (run.expected) return Math.min(0.92, (0.92 * tokens) / run.expected);
  return 0.92 * (1 - Math.exp(-tokens / 2500));
}
