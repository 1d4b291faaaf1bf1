import fc, { type Arbitrary } from "fast-check";
import { type Answer, type Kept, plainSetup, type Setup } from "../schedule.ts";
import { drop, many, ms } from "../schedules.ts";

// Schedules of several houses at a time, the nodes of one application, and where they come from.

/** `client` and `node` are indices, modulo how many there are: of nodes those that are up. */
export type NodesCommand =
  | { readonly type: "wait"; readonly ms: number }
  | { readonly type: "send"; readonly client: number; readonly count: number }
  | { readonly type: "ask"; readonly client: number; readonly how: Answer; readonly timeoutMs: number | undefined }
  | { readonly type: "answer" }
  | { readonly type: "question"; readonly node: number; readonly client: number; readonly timeoutMs: number }
  | {
      readonly type: "push";
      readonly node: number;
      readonly client: number;
      readonly count: number;
      readonly flush: boolean;
    }
  /** To all who are in that room. */
  | { readonly type: "post"; readonly node: number; readonly room: RoomName; readonly count: number }
  | { readonly type: "broadcast"; readonly node: number }
  /** The connection breaks, and the balancer has the client's next ones go there. */
  | {
      readonly type: "move";
      readonly client: number;
      readonly node: number;
      readonly toServer: Kept;
      readonly toClient: Kept;
      readonly clientMs: number | undefined;
      readonly serverMs: number | undefined;
    }
  /** The client opens another connection, there. */
  | { readonly type: "reconnect"; readonly client: number; readonly node: number }
  /** The next attempt arrives twice, the second time anywhere. */
  | { readonly type: "duplicate"; readonly client: number; readonly afterMs: number; readonly staysMs: number }
  | {
      readonly type: "replace";
      readonly node: number;
      readonly how: "close" | "drain" | "kill";
      readonly downMs: number;
    }
  /** What a node posts and hears takes so long to and from the broker. */
  | { readonly type: "delay"; readonly node: number; readonly ms: number }
  /** A node has no way to the broker for so long. */
  | { readonly type: "split"; readonly node: number; readonly forMs: number }
  /** A process stands still for so long. */
  | { readonly type: "stall"; readonly node: number; readonly ms: number }
  /** A post of a node, or to it, gets lost. */
  | { readonly type: "lose"; readonly node: number; readonly way: "up" | "down" };

/** One without a history, and one with. */
export type RoomName = "tea" | "log";

export interface NodesSchedule {
  readonly seed: number;
  readonly setup: Setup;
  readonly nodes: number;
  readonly commands: readonly NodesCommand[];
}

const client = fc.nat({ max: 2 });
const node = fc.nat({ max: 2 });
const of = <T extends NodesCommand["type"]>(
  type: T,
  fields: {
    [K in Exclude<keyof Extract<NodesCommand, { type: T }>, "type">]: Arbitrary<Extract<NodesCommand, { type: T }>[K]>;
  },
) => fc.record({ type: fc.constant(type), ...fields } as never) as unknown as Arbitrary<NodesCommand>;

const wait = fc.oneof(of("wait", { ms: ms(30) }), of("wait", { ms: ms(1_000) }), of("wait", { ms: ms(12_000) }));
const timeoutMs = fc.constantFrom(1_000, 5_000, 20_000);
/** Of those that are answered some wait for ever: an answer that gets lost is noticed. */
const makePatient = (command: NodesCommand): NodesCommand =>
  command.type === "ask" && command.timeoutMs === 20_000 && command.how !== "never"
    ? { ...command, timeoutMs: undefined }
    : command;
const traffic = fc.oneof(
  { weight: 3, arbitrary: of("send", { client, count: ms(4, 1) }) },
  {
    weight: 2,
    arbitrary: of("ask", {
      client,
      how: fc.constantFrom("now", "now", "later", "nil", "never"),
      timeoutMs,
    }).map(makePatient),
  },
  { weight: 1, arbitrary: of("answer", {}) },
  { weight: 1, arbitrary: of("question", { node, client, timeoutMs }) },
  { weight: 4, arbitrary: of("push", { node, client, count: ms(4, 1), flush: fc.boolean() }) },
  { weight: 3, arbitrary: of("post", { node, room: fc.constantFrom("tea", "tea", "log"), count: ms(4, 1) }) },
  { weight: 1, arbitrary: of("broadcast", { node }) },
);
const move = fc
  .tuple(drop as Arbitrary<object>, node)
  .map(([broken, to]) => ({ ...broken, type: "move", node: to }) as NodesCommand);
const moves = fc.oneof(
  { weight: 5, arbitrary: move },
  { weight: 3, arbitrary: of("reconnect", { client, node }) },
  {
    weight: 1,
    arbitrary: of("duplicate", { client, afterMs: fc.constantFrom(0, 5, 40), staysMs: fc.constantFrom(10, 3_000) }),
  },
  { weight: 1, arbitrary: of("delay", { node, ms: fc.constantFrom(0, 1, 10, 60) }) },
);
const downMs = ms(6_000);
const deploys = of("replace", { node, how: fc.constantFrom("close", "drain"), downMs });
const troubles = fc.oneof(
  { weight: 4, arbitrary: of("replace", { node, how: fc.constant("kill"), downMs }) },
  { weight: 2, arbitrary: of("split", { node, forMs: fc.constantFrom(200, 4_000, 14_000) }) },
  { weight: 2, arbitrary: of("stall", { node, ms: fc.constantFrom(300, 2_500, 14_000) }) },
  { weight: 1, arbitrary: of("lose", { node, way: fc.constantFrom("up", "down") }) },
);

const ann = { uid: "ann", clientId: "a", latencyMs: 20 };
const clients = fc.constantFrom(
  [ann],
  [ann, { uid: "bob", clientId: "b", latencyMs: 3 }],
  [ann, { uid: "ann", clientId: "b", latencyMs: 60 }, { uid: "bob", clientId: "c", latencyMs: 1 }],
);
const setup: Arbitrary<Setup> = fc
  .record({ clients, batchMs: fc.constantFrom(0, 0, 30), upgradeMs: fc.constantFrom(0, 20) })
  .map((some) => ({ ...plainSetup, ...some }));

const schedules = (command: Arbitrary<NodesCommand>): Arbitrary<NodesSchedule> =>
  fc.record({ seed: fc.nat(), setup, nodes: fc.constantFrom(2, 3, 3), commands: many(command, 40) });

/** Deploys and moves: nothing may be lost. */
const orderly = schedules(
  fc.oneof(
    { weight: 6, arbitrary: wait },
    { weight: 9, arbitrary: traffic },
    { weight: 6, arbitrary: moves },
    { weight: 2, arbitrary: deploys },
  ),
);

/** Nodes die, and the broker fails as well: what is lost is told. */
const rough = schedules(
  fc.oneof(
    { weight: 6, arbitrary: wait },
    { weight: 9, arbitrary: traffic },
    { weight: 5, arbitrary: moves },
    { weight: 1, arbitrary: deploys },
    { weight: 2, arbitrary: troubles },
  ),
);

/** Handlers that take longer than their clients stay, at servers that end, too: their answers follow. */
export const lateReplies: Arbitrary<NodesSchedule> = schedules(
  fc.oneof(
    { weight: 4, arbitrary: of("wait", { ms: ms(8_000, 1_000) }) },
    { weight: 2, arbitrary: wait },
    {
      weight: 5,
      arbitrary: of("ask", {
        client,
        how: fc.constantFrom("later", "later", "later", "now"),
        timeoutMs: fc.constantFrom(undefined, undefined, 5_000),
      }),
    },
    { weight: 1, arbitrary: of("answer", {}) },
    { weight: 2, arbitrary: traffic },
    { weight: 5, arbitrary: of("reconnect", { client, node }) },
    { weight: 2, arbitrary: moves },
    { weight: 1, arbitrary: of("replace", { node, how: fc.constantFrom("close", "drain", "drain", "kill"), downMs }) },
  ),
);

export const severalNodes: Arbitrary<NodesSchedule> = fc.oneof(
  { weight: 3, arbitrary: orderly },
  { weight: 2, arbitrary: rough },
);
