/** What a proof found, as JSON in an address that a link saves. */
const NOTHING = { control: null, attack: null, ran: null, how: "", verdict: null };

export function reportUrl({ state, version, cases, rest, results, words }) {
  const all = [...cases, ...rest];
  const verdict = ({ name }) => words[results.get(name)?.verdict]?.words ?? "not run";
  const counts = Object.fromEntries([...Object.values(words).map((one) => one.words), "not run"].map((word) => [word, 0]));
  for (const each of all) counts[verdict(each)] += 1;
  const told = {
    state,
    time: new Date().toISOString(),
    sandwright: version,
    browser: navigator.userAgent,
    counts,
    cases: all.map((each) => {
      const { control, attack, ran, how } = results.get(each.name) ?? NOTHING;
      const reason = each.reason ?? (results.has(each.name) ? null : "it was not reached");
      return { class: each.class, name: each.name, says: each.says, verdict: verdict(each), control, attack, ran, how, reason };
    }),
  };
  return `data:application/json;charset=utf-8,${encodeURIComponent(JSON.stringify(told, null, 2))}`;
}
