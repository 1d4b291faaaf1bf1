import type { Codec } from "../codecs/codec.ts";
import { clientDefaults, serverDefaults } from "../limits.ts";
import { Batch } from "../session/batch.ts";
import { ClientSession } from "../session/client-session.ts";
import { ServerSession } from "../session/server-session.ts";
import { baselineFeatures } from "./features.ts";
import type { Frame } from "./frames.ts";

// One exchange between our own peers that has a frame of every kind, step by step. It is played by two sessions, or by
// one and a recording of the other.

/** What went over the wire in one step: texts, in order. */
export interface RecordedStep {
  readonly name: string;
  readonly toServer: readonly string[];
  readonly toClient: readonly string[];
}

interface Sides {
  readonly client: ClientSession;
  readonly server: ServerSession;
}

interface Step {
  readonly name: string;
  /** How much later than the step before. Default 0. */
  readonly afterMs?: number;
  readonly atClient?: (sides: Sides, now: number) => void;
  readonly atServer?: (sides: Sides, now: number) => void;
}

const handshake = { uid: "ann", csrfToken: null, data: { since: 1 } };
const wakeClient = ({ client }: Sides, now: number) => client.wake(now, 0);
const wakeServer = ({ server }: Sides, now: number) => server.wake(now, 0);

const steps: readonly Step[] = [
  {
    name: "connect",
    atClient: ({ client }, now) => client.connect(now),
    atServer: ({ server }, now) => server.open(handshake, now),
  },
  { name: "the first ack" },
  { name: "an event", atClient: ({ client }, now) => client.send(["test/note", { text: "hi" }], now) },
  { name: "an event without data", atClient: ({ client }, now) => client.send(["test/note"], now) },
  { name: "a request", atClient: ({ client }, now) => client.request(["test/echo", [1, "two", null]], 60_000, now) },
  { name: "a request that fails", atClient: ({ client }, now) => client.request(["test/fail", 1], 60_000, now) },
  {
    name: "two pushes in one frame",
    atServer: ({ server }) => {
      server.push(["test/pushed", { n: 1 }]);
      server.push(["test/pushed"]);
    },
  },
  {
    name: "as many frames as ask for an ack",
    atClient: ({ client }, now) => {
      for (let n = 0; n < 64; n++) client.send(["test/note", n], now);
    },
  },
  {
    name: "pushes in frames of their own",
    atServer: ({ server }) => {
      for (let n = 0; n < 64; n++) {
        server.push(["test/item", n]);
        server.flush();
      }
    },
  },
  { name: "the ack that is due" },
  {
    name: "too little to ask for an ack",
    atClient: ({ client }, now) => client.send(["test/note", "late"], now),
    atServer: ({ server }) => server.push(["test/pushed", "late"]),
  },
  { name: "acks by time", afterMs: 2_000, atClient: wakeClient, atServer: wakeServer },
  { name: "the client's ping", afterMs: 10_000, atClient: wakeClient, atServer: wakeServer },
  { name: "the server's ping", afterMs: 13_000, atServer: wakeServer },
  { name: "and the client's pong" },
  {
    name: "cut: sent on both sides, and not delivered",
    atClient: ({ client }, now) => {
      client.closed(1006, "", now);
      client.send(["test/note", "while away"], now);
    },
    atServer: ({ server }, now) => {
      server.closed(1006, "", now);
      server.push(["test/pushed", "while away"]);
      server.flush();
    },
  },
  {
    name: "resume",
    afterMs: 60_000,
    atClient: wakeClient,
    atServer: ({ server }, now) => server.resume(68, handshake, now),
  },
  { name: "what follows the resume" },
  { name: "drain", atServer: ({ server }) => server.takeLeave() },
];

/** What the application of the recorded exchange does with an event. */
function answer(server: ServerSession, id: string, data: unknown, cbId: string | null): void {
  if (cbId === null) return;
  if (id === "test/echo") server.reply(cbId, data);
  if (id === "test/fail") server.replyFailed(cbId, { code: "too-late", message: "it is over", data: { at: 5 } });
}

/** Whom the recording plays, if any, and what it says. */
export interface Play {
  readonly codec: Codec;
  readonly makeServer?: (codec: Codec) => ServerSession;
  readonly recorded?: { readonly side: "client" | "server"; readonly steps: readonly RecordedStep[] };
}

/** The session of a server as today's makes it for a client of ours. */
export function makeServerSession(codec: Codec): ServerSession {
  return new ServerSession({
    codec,
    form: "wrapped",
    features: baselineFeatures,
    limits: serverDefaults,
    root: Batch.root(),
    id: "recorded-session",
  });
}

/** Plays the exchange and returns what each side said; where a side is recorded, that is what it said then. */
export function playExchange({ codec, makeServer = makeServerSession, recorded }: Play): RecordedStep[] {
  const client = new ClientSession({ codec, limits: clientDefaults, random: () => 0.5 });
  const server = makeServer(codec);
  const sides: Sides = { client, server };
  let now = 0;
  return steps.map(({ name, afterMs = 0, atClient, atServer }, index) => {
    const then = recorded?.steps[index];
    now += afterMs;
    if (recorded?.side !== "client") atClient?.(sides, now);
    const toServer = recorded?.side === "client" ? (then?.toServer ?? []) : takeAll(() => client.nextFrame());
    if (recorded?.side !== "server") {
      for (const text of toServer) server.message(codec.decode(text), text.length, now);
      for (let said = server.pollOutput(); said !== undefined; said = server.pollOutput()) {
        if (said.type === "event") answer(server, said.event[0], said.event[1], said.cbId);
      }
      atServer?.(sides, now);
      server.flush();
    }
    const toClient = recorded?.side === "server" ? (then?.toClient ?? []) : takeAll(() => server.nextFrame());
    if (recorded?.side !== "client") {
      for (const text of toClient) client.message(codec.decode(text), text.length, now);
      while (client.pollOutput() !== undefined);
    }
    return { name, toServer, toClient };
  });
}

function takeAll(next: () => Frame | undefined): string[] {
  const texts: string[] = [];
  for (let frame = next(); frame !== undefined; frame = next()) texts.push(String(frame.data));
  return texts;
}
