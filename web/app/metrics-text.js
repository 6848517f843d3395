/** @file Reads the text format of Prometheus, as `/metrics` of the laptop stack returns it. */

const PREFIX = "switchboard_";
const LINE = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-z_]+)="((?:[^"\\]|\\.)*)"/g;

/**
 * One value. `name` has no prefix.
 * @typedef {{name: string, labels: Record<string, string>, value: number}} Sample
 */

/** Returns the values and the meanings of the metrics. @returns {{samples: Sample[], meanings: Map<string, string>}} */
export function readMetrics(text) {
  const samples = [];
  const meanings = new Map();
  for (const line of text.split("\n")) {
    const help = /^# HELP (\S+) (.*)$/.exec(line);
    if (help) meanings.set(plain(help[1]), help[2]);
    const found = line.startsWith("#") ? null : LINE.exec(line);
    if (!found) continue;
    const labels = Object.fromEntries([...(found[2] ?? "").matchAll(LABEL)].map(([, name, value]) => [name, value]));
    samples.push({ name: plain(found[1]), labels, value: Number(found[3]) });
  }
  return { samples, meanings };
}

/** Returns the sum of the values of a metric, for the samples that `isIt` selects. */
export function sum(samples, name, isIt = () => true) {
  return samples.filter((one) => one.name === name && isIt(one)).reduce((total, { value }) => total + value, 0);
}

/**
 * Returns a limit that this share of the times is not above, from the counts of a histogram's buckets; `undefined` without times.
 * @param {Sample[]} samples
 * @param {string} name name of the histogram
 * @param {number} share from 0 to 1
 */
export function quantile(samples, name, share) {
  const counts = new Map();
  for (const { labels, value } of samples.filter((one) => one.name === `${name}_bucket`)) {
    const limit = labels.le === "+Inf" ? Infinity : Number(labels.le);
    counts.set(limit, (counts.get(limit) ?? 0) + value);
  }
  const limits = [...counts.keys()].sort((a, b) => a - b);
  const all = counts.get(Infinity) ?? 0;
  return all === 0 ? undefined : limits.find((limit) => counts.get(limit) >= share * all);
}

const plain = (name) => (name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name);
