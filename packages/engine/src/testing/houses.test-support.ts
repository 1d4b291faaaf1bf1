import type { Codec, ServerOptions } from "@sente-lite/protocol";
import type { Backplane } from "@sente-lite/protocol/backplane";
import { type MemoryBackplane, memoryBackplane, VirtualClock } from "@sente-lite/protocol/testing";
import { type Setting, setting } from "./setting.test-support.ts";

type HouseOptions = ServerOptions & { readonly codec?: Codec };

export interface Houses<B = MemoryBackplane> {
  /** The servers of one application, each a node of it. */
  readonly nodes: readonly Setting<undefined>[];
  readonly backplane: B;
  /** The ids under which they joined, in their order. */
  readonly ids: readonly string[];
  /** One more node. */
  readonly add: (options?: HouseOptions) => Setting<undefined>;
  /** Lets so many ms pass for all of them and for what is between them. Default: enough for posts and answers. */
  readonly pass: (ms?: number) => Promise<void>;
}

/** Servers in memory, over a backplane in memory, in virtual time. */
export async function houses(count: number, options: HouseOptions = {}): Promise<Houses> {
  return housesOn((clock) => memoryBackplane({ clock, leaseMs: 200 }), count, options);
}

/** The same over another backplane. */
export async function housesOn<B extends Backplane>(
  makeBackplane: (clock: VirtualClock) => B,
  count: number,
  options: HouseOptions = {},
): Promise<Houses<B>> {
  const clock = new VirtualClock();
  const backplane = makeBackplane(clock);
  const nodes: Setting<undefined>[] = [];
  const ids: string[] = [];
  const noteJoin: Backplane["join"] = (node, inbox) => {
    ids.push(node);
    return backplane.join(node, inbox);
  };
  const add: Houses["add"] = (own = {}) => {
    const node = setting({ backplane: { join: noteJoin }, seed: nodes.length + 1, ...options, ...own });
    nodes.push(node);
    return node;
  };
  const pass: Houses["pass"] = async (ms = 20) => {
    const step = ms < 1_000 ? 1 : 50;
    for (let passed = 0; passed < ms; passed += step) {
      clock.advance(step);
      for (const node of nodes) await node.clock.advance(step);
    }
  };
  for (let i = 0; i < count; i++) add();
  await pass();
  return { nodes, backplane, ids, add, pass };
}
