// Bun's development mode: `bun --hot` evaluates changed modules and all that import them anew, ours included, in the
// process as it is. A call of Bun.serve is then given the listener of the earlier one, and the sockets that are open.

const KEY: unique symbol = Symbol.for("sente-lite/bun evaluations") as never;

const bun = globalThis as unknown as {
  readonly process?: { readonly execArgv?: readonly string[] };
  /** By module: what ends the servers of its latest evaluation. */
  [KEY]?: Map<string, Set<() => void>>;
};

const { url = "" } = import.meta as { readonly url?: string };

/** What ends the servers of this evaluation. */
let current: Set<() => void> | undefined;

/**
 * The first server of an evaluation ends those of the evaluation before: their clients come again, and find it.
 * Returns what takes this server out, once it has ended by itself. Without `--hot` nothing happens.
 */
export function supersede(end: () => void): () => void {
  if (!bun.process?.execArgv?.includes("--hot")) return () => {};
  if (current === undefined) {
    bun[KEY] ??= new Map();
    const earlier = bun[KEY].get(url);
    current = new Set();
    bun[KEY].set(url, current);
    for (const endEarlier of earlier ?? []) endEarlier();
  }
  const ends = current;
  ends.add(end);
  return () => void ends.delete(end);
}
