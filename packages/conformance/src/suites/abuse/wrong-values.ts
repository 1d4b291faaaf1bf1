import { kw } from "@sente-lite/protocol";

// Every frame that a client of ours sends, with wrong values in each of its places.

/** Names an event as the codec has it. */
export type Id = (name: string) => unknown;

const ROOM = "kept/attacked";

/** One frame of each kind as it is right, and those that only a server sends. */
export const rightFrames: Readonly<Record<string, (id: Id) => unknown>> = {
  event: (id) => [[id("attack/event"), { a: 1 }], "cb"],
  "bare event": (id) => [id("attack/event"), { a: 1 }],
  ack: (id) => [[id("chsk/ack"), 0], null],
  ping: (id) => [[id("chsk/ws-ping"), null], "cb"],
  pong: (id) => [[id("chsk/ws-pong"), null], null],
  refresh: (id) => [[id("chsk/refresh"), [["uid", "u"]]], null],
  volatile: (id) => [[id("chsk/volatile"), [id("attack/event"), 1]], null],
  "volatile into a room": (id) => [
    [id("chsk/volatile"), [id("chsk/room-send"), { room: ROOM, event: [id("attack/event"), 1] }]],
    null,
  ],
  reply: (id) => [[id("chsk/reply"), { id: 1, value: null }], null],
  "reply with an error": (id) => [[id("chsk/reply"), { id: 1, error: { code: "c", message: "m", data: null } }], null],
  "room-join": (id) => [[id("chsk/room-join"), { room: ROOM, since: { epoch: "e", offset: 1 } }], "cb"],
  "room-leave": (id) => [[id("chsk/room-leave"), { room: ROOM }], "cb"],
  "room-send": (id) => [[id("chsk/room-send"), { room: ROOM, event: [id("attack/event"), 1] }], "cb"],
  "room-history": (id) => [[id("chsk/room-history"), { room: ROOM, limit: 1, before: 1 }], "cb"],
  "handshake, which is a server's": (id) => [[id("chsk/handshake"), ["u", null, null, { session: "s" }]], null],
  "request, which is a server's": (id) => [[id("chsk/request"), { id: 1, event: [id("attack/event"), 1] }], null],
  "room-event, which is a server's": (id) => [
    [id("chsk/room-event"), { room: ROOM, event: [id("attack/event")], offset: 1 }],
    null,
  ],
};

const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);

/** Some of them are none that a codec can say: those are left out there. */
export const wrongValues: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 53,
  1e308,
  Number.NaN,
  10n ** 30n,
  "",
  "kept/attacked",
  "\u0000\u001b[2J\r\n",
  "__proto__",
  "x".repeat(5_000),
  [],
  [[], [[]]],
  nested(60),
  {},
  Object.fromEntries([
    ["__proto__", { polluted: true }],
    ["constructor", { prototype: 1 }],
  ]),
  { room: "kept/attacked", event: [], id: 1, value: 1 },
  kw("chsk/handshake"),
  kw("attack/event"),
  new Set([1, "a"]),
  new Date(0),
  new Uint8Array([255, 0]),
];

/** The value with another in each of its places, the whole among them. */
export function* withEach(value: unknown, wrong: unknown): Generator<unknown> {
  yield wrong;
  if (Array.isArray(value)) {
    for (const [at, part] of value.entries()) {
      for (const other of withEach(part, wrong)) yield value.with(at, other);
    }
    yield [...value, wrong];
  } else if (
    Object.prototype.toString.call(value) === "[object Object]" &&
    Object.getPrototypeOf(value) === Object.prototype
  ) {
    for (const [name, part] of Object.entries(value as object)) {
      for (const other of withEach(part, wrong)) yield { ...(value as object), [name]: other };
    }
  }
}
