/** What tells the series of one name apart. Keys follow Prometheus's grammar; others are mended as names are. */
export type Labels = Readonly<Record<string, string>>;

/** A series by Prometheus's way of writing it: `flow_handled_total{process="chat"}`, the labels sorted. */
export type SeriesName = string;

/** What a series is made of: a count that only grows, a value of now, or many values of which quantiles are kept. */
export type Kind = "counter" | "gauge" | "histogram";

const MAX_CHARS = 128;
const MAX_LABELS = 16;

/**
 * A name that Prometheus and OpenTelemetry both take: other characters become `_`, a name that begins with no letter is
 * put after `x_`, and one that means something else already (`le`, and what every object has: `constructor`) gets a `_`.
 * At most 128 characters of a name are kept. `messages-processed` is `messages_processed`.
 */
export function cleanName(text: string): string {
  const name = text.slice(0, MAX_CHARS).replace(/[^a-zA-Z0-9_]/g, "_");
  if (!/^[a-zA-Z]/.test(name)) return `x_${name}`;
  return name === "le" || name in Object.prototype ? `${name}_` : name;
}

/** Labels with clean names, sorted: the first 16 of them, each value's first 128 characters. */
export function cleanLabels(labels: Labels): Labels {
  const entries = Object.entries(labels).map(([key, value]) => [cleanName(key), String(value).slice(0, MAX_CHARS)]);
  return Object.fromEntries(entries.sort(([a = ""], [b = ""]) => (a < b ? -1 : 1)).slice(0, MAX_LABELS));
}

const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", '"': '\\"', "\n": "\\n" };

/** The name of a series, of a clean name and clean labels. */
export function seriesName(name: string, labels: Labels): SeriesName {
  const parts = Object.entries(labels).map(
    ([key, value]) => `${key}="${value.replace(/[\\"\n]/g, (char) => escapes[char] ?? char)}"`,
  );
  return parts.length === 0 ? name : `${name}{${parts.join(",")}}`;
}
