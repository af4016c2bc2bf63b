// `@/lib/utils` of a component that was written for a project: class names, joined.

export function cn(...given) {
  const names = [];
  for (const one of given.flat(Infinity)) {
    if (one !== null && typeof one === "object") {
      names.push(...Object.keys(one).filter((name) => one[name]));
    } else if (one && one !== true) {
      names.push(one);
    }
  }
  return names.join(" ");
}
