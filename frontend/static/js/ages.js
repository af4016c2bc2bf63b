const STEPS = [
  [60, 1, "s"],
  [3600, 60, "min"],
  [86400, 3600, "h"],
  [86400 * 60, 86400, "d"],
];

/** "2 h" for a moment two hours ago. A clock that is ahead reads "now". */
export function age(moment, now = Date.now()) {
  const seconds = (now - Date.parse(moment)) / 1000;
  if (!(seconds >= 10)) return "now";
  for (const [limit, size, unit] of STEPS) {
    if (seconds < limit) return `${Math.floor(seconds / size)} ${unit}`;
  }
  return new Date(moment).toLocaleDateString(undefined, { year: "numeric", month: "short", day: "numeric" });
}

let ticking = 0;

/** Turns the dates of `<time data-age>` into ages and keeps them current. */
export function ages() {
  renew();
  ticking ||= setInterval(renew, 30_000);
}

function renew() {
  for (const time of document.querySelectorAll("time[data-age]")) {
    const shown = age(time.dateTime);
    time.textContent = time.dataset.age && /^\d+ [a-z]+$/.test(shown) ? `${shown} ${time.dataset.age}` : shown;
    time.title = new Date(time.dateTime).toLocaleString();
  }
}
