// What the recordings of real peers have in common (packages/protocol/golden), and how they are told from one another.

/** A frame of a recording of Sente. */
export interface Recorded {
  readonly label: string;
  readonly dir: string;
  /** Which connection, where there were several. */
  readonly conn?: string;
  readonly kind?: string;
  readonly text?: string;
  readonly base64?: string;
  readonly url?: string;
  readonly status?: number;
  readonly body?: string;
  readonly code?: number;
  readonly reason?: string;
}

/** Where we differ from a recording, by label: in what, and why. */
export type Deviations<T> = Readonly<Record<string, { readonly why: string } & T>>;

/** The names of a table that name nothing in the recording: each is one that plays no part any more. */
export function strangers(table: Readonly<Record<string, unknown>>, labels: Iterable<string>): readonly string[] {
  const known = new Set(labels);
  return Object.keys(table).filter((label) => !known.has(label));
}

/** The texts that went one way under a label. */
export function textsOf(frames: readonly Recorded[], label: string, dir: string): readonly string[] {
  return frames.flatMap((frame) =>
    frame.label === label && frame.dir === dir && frame.kind === "text" ? [frame.text ?? ""] : [],
  );
}
