// What we add to Sente's wire, by name (PROTOCOL.md section 1.8).

/**
 * Something that we add to Sente's wire, and that a peer gets only where it has said that it knows it:
 *
 * - `sessions`: the connection has a session, which is resumed and acknowledged (section 6);
 * - `error-details`: an error reply tells a code, a message and data (section 3.4);
 * - `close-refusals`: a refusal of the application comes as a close code (section 1.4);
 * - `rooms`: the peer can join rooms (section 6.10);
 * - `requests`: the peer answers requests of the server (section 6.11);
 * - `refusal-reasons`: the close of a refusal tells its code, message and data (section 1.4);
 * - `volatile`: frames that are not counted, and so never sent again (section 6.12);
 * - `refresh`: the peer is asked to log in anew before its login ends (section 1.9).
 */
export type Feature = (typeof known)[number];
/** Features of one peer, or of one connection. */
export type FeatureSet = ReadonlySet<Feature>;

/** Which way a frame goes. */
export type Way = "c->s" | "s->c";

const known = [
  "sessions",
  "error-details",
  "close-refusals",
  "rooms",
  "requests",
  "refusal-reasons",
  "volatile",
  "refresh",
] as const;

/** All that this version knows: what a client names. */
export const allFeatures: FeatureSet = new Set(known);
/** What `sente-lite=1` says by itself. Never grows: peers of before features had names send it so. */
export const baselineFeatures: FeatureSet = new Set(["sessions", "error-details", "close-refusals"]);
/** What every other peer knows: the wire of Sente and of sente_lite. */
export const noFeatures: FeatureSet = new Set();

/** More names than these are not read: a peer may send what it likes. */
const MAX_NAMES = 64;

/** All features that this version knows, but one. */
export function featuresWithout(feature: Feature): FeatureSet {
  return new Set(known.filter((name) => name !== feature));
}

/** Those of the names that this version knows, in its own order; all others are ignored. */
export function featuresAmong(names: readonly unknown[]): FeatureSet {
  const given = new Set(names.slice(0, MAX_NAMES));
  return new Set(known.filter((name) => given.has(name)));
}

/** What a connection uses of what its peer knows: `sessions` where it has one, and only there. */
export function featuresInUse(features: FeatureSet, hasSession: boolean): FeatureSet {
  return new Set(known.filter((name) => (name === "sessions" ? hasSession : features.has(name))));
}

/** Reads the query parameter `features` of a client; `null` where there is none. */
export function readFeatures(text: string | null): FeatureSet | undefined {
  return text === null ? undefined : featuresAmong(text.split(".", MAX_NAMES));
}

/** The query parameter `features`. */
export function writeFeatures(features: FeatureSet): string {
  return [...features].join(".");
}

/** True where both have the same. */
export function isSameFeatures(a: FeatureSet, b: FeatureSet): boolean {
  return a.size === b.size && [...a].every((feature) => b.has(feature));
}
