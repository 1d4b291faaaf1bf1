import type { ServerOptions } from "@sente-lite/protocol";
import { edn } from "@sente-lite/protocol/edn";
import { json } from "@sente-lite/protocol/json";
import { VirtualClock } from "@sente-lite/protocol/testing";
import { transitJson } from "@sente-lite/protocol/transit-json";
import { describe, expect, it } from "vitest";
import { startRouter } from "../router.ts";
import { collectionsOf } from "../testing/collections.test-support.ts";
import { testHost } from "../testing/setting.test-support.ts";
import { createServer } from "./server.ts";

// What a peer may choose never makes a Map, a Set, an array or a log of a server grow without bound: whatever has them, all that this
// process holds are looked at.

/** Frames, which cost less than requests. */
const COUNT = 10_000;
const REQUESTS = 2_000;
/** Whatever the machine does meanwhile. */
const PATIENCE_MS = 60_000;
/** Caches may hold some; the largest holds 2,048 in each of two. */
const BOUND = 3_000;
/** A server forgets who has not come for so long. */
const LATER_MS = 15 * 60_000;
/** After every hundred that come: in all it is half of a minute, for which each limit of the log counts anew. */
const PAUSE_MS = 500;

const open = { joinFn: () => true, sendFn: () => true };
const OWN = "sente-lite=1&attempt=1&features=sessions.error-details.rooms.requests.volatile.refresh";

/** A server that lives in virtual time, and peers of it by literal requests and frames. */
function begin(options: ServerOptions = {}) {
  const time = new VirtualClock(1_700_000_000_000);
  const lines: unknown[] = [];
  const log = { warn: (...line: unknown[]) => lines.push(line), error: (...line: unknown[]) => lines.push(line) };
  const { server, admit } = createServer({
    host: {
      ...testHost(),
      now: () => time.now,
      monotonic: () => time.now,
      setTimer: (ms, fn) => time.after(ms, fn),
      clearTimer: (timer) => (timer as (() => void) | undefined)?.(),
      log,
    },
    codecs: [json, edn, transitJson],
    options: {
      userIdFn: ({ url }) => url.searchParams.get("uid"),
      rooms: { "open/*": open, "kept/*": { ...open, history: { size: 3 }, members: true } },
      // Positions of rooms with a history are kept for so many, by default 10,000.
      maxRooms: 1_000,
      maxConnectsPerSecondPerAddress: Number.POSITIVE_INFINITY,
      maxEventsPerSecond: Number.POSITIVE_INFINITY,
      maxEventsPerSecondPerUser: Number.POSITIVE_INFINITY,
      ...options,
    } as ServerOptions,
  });
  server.connectedUids.subscribe(() => {});
  startRouter(server, {
    "a/echo": ({ data }) => data,
    "a/throw": ({ data }) => {
      throw Object.assign(new Error(`made up: ${String(data)}`), { code: String(data), name: String(data) });
    },
  });
  const settle = async (ms = 0) => {
    await new Promise((resolve) => setImmediate(resolve));
    time.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
  };
  const ask = (query: string, { remoteAddress, ...headers }: Readonly<Record<string, string>> = {}) =>
    admit({
      url: new URL(`ws://h/chsk?${query}`),
      headers: new Headers({ host: "h", ...headers }),
      remoteAddress,
      raw: undefined,
    });
  /** A peer that is greeted, where it is let in. */
  const connect = async (query: string, headers?: Readonly<Record<string, string>>) => {
    const decision = await ask(query, headers);
    if (decision.type === "refuse") return undefined;
    return decision.opened({ send: () => "written", close: () => {}, terminate: () => {}, bufferedAmount: 0 });
  };
  return { server, lines, ask, connect, settle };
}

type World = ReturnType<typeof begin>;

/** What comes of a number: a request, or frames of one peer. */
const requests: Readonly<Record<string, (world: World, n: number) => Promise<unknown>>> = {
  "client ids": ({ connect }, n) => connect(`client-id=c-${n}`).then((peer) => peer?.closed(1006, "")),
  "client ids of our own clients, with their sessions": ({ connect }, n) =>
    connect(`client-id=c-${n}&${OWN}&client-instance=i-${n}`).then((peer) => peer?.closed(1006, "")),
  uids: ({ connect }, n) => connect(`client-id=c&uid=u-${n}`).then((peer) => peer?.closed(1001, "")),
  addresses: ({ connect }, n) =>
    connect("client-id=c", { remoteAddress: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}` }).then((peer) =>
      peer?.closed(1001, ""),
    ),
  "networks of IPv6": ({ connect }, n) =>
    connect("client-id=c", { remoteAddress: `2001:db8:${n.toString(16)}::1` }).then((peer) => peer?.closed(1001, "")),
  "close codes and reasons": ({ connect }, n) =>
    connect("client-id=c").then((peer) => peer?.closed(3000 + (n % 2_000), `reason ${n}`)),
  "sessions that were never begun": ({ ask }, n) =>
    ask(`client-id=c&${OWN}`, { "sec-websocket-protocol": `sente-lite, session.made-up-${n}.${n}` }),
  "codecs that there are not": ({ ask }, n) => ask(`client-id=c&codec=x-${n}`),
  "features and parameters that there are not": ({ ask }, n) =>
    ask(`client-id=c&sente-lite=1&features=f-${n}&p-${n}=1`),
  origins: ({ ask }, n) => ask("client-id=c", { origin: `http://page-${n}.example` }),
  "hosts that are not allowed": ({ ask }, n) => ask("client-id=c", { host: `h-${n}.example` }),
  "CSRF tokens": ({ ask }, n) => ask(`client-id=c&csrf-token=t-${n}`),
  "client ids of our own clients that send what cannot be read": ({ connect }, n) =>
    connect(`client-id=c-${n}&${OWN}`).then((peer) => {
      peer?.message(n % 2 === 0 ? ")" : '[["chsk/ack",77],null]');
      peer?.closed(1006, "");
    }),
  "words of proxies": ({ ask }, n) =>
    ask("client-id=c", { "x-forwarded-for": `192.0.2.1, x-${n}`, forwarded: `for=y-${n}` }),
  "peers that speak another codec than they say": ({ connect }, n) =>
    connect(`client-id=c-${n}&codec=edn&uid=u-${n}`).then((peer) => {
      peer?.message('["^ ","~:a",1]');
      peer?.closed(1001, "");
    }),
};

const frames: Readonly<Record<string, (n: number) => string>> = {
  "event ids": (n) => `[["made/up-${n}"],null]`,
  "event ids of requests": (n) => `[["made/up-${n}",1],"cb-${n}"]`,
  "callback ids": (n) => `[["a/echo",1],"cb-${n}"]`,
  "callback ids of requests that nobody answers": (n) => `[["a/none",1],"cb-${n}"]`,
  "codes, names and messages of errors, through a handler": (n) => `[["a/throw","e-${n}"],"cb-${n}"]`,
  "the same, without a reply": (n) => `[["a/throw","e-${n}"],null]`,
  "events that are none": (n) => `["bad-${n}"]`,
  "frames that cannot be read": (n) => `bad-${n}`,
  "ids of our own that there are not": (n) => `[["chsk/x-${n}"],null]`,
  "rooms that there are not": (n) => `[["chsk/room-join",{"room":"none/${n}"}],"cb-${n}"]`,
  "rooms to join": (n) => `[["chsk/room-join",{"room":"open/${n}"}],"cb-${n}"]`,
  "rooms with a history to join": (n) => `[["chsk/room-join",{"room":"kept/${n}"}],"cb-${n}"]`,
  "rooms that are joined and left": (n) =>
    `[["chsk/room-${n % 2 === 0 ? "join" : "leave"}",{"room":"kept/j${n >> 1}"}],"cb-${n}"]`,
  "rooms to leave": (n) => `[["chsk/room-leave",{"room":"open/${n}"}],"cb-${n}"]`,
  "rooms to send into": (n) => `[["chsk/room-send",{"room":"kept/${n}","event":["a/x-${n}",1]}],"cb-${n}"]`,
  "histories to read": (n) => `[["chsk/room-history",{"room":"kept/${n}","limit":1}],"cb-${n}"]`,
  "volatile events": (n) => `[["chsk/volatile",["made/up-${n}",1]],null]`,
  "replies to nothing": (n) => `[["chsk/reply",{"id":${n},"value":1}],null]`,
  "refreshed parameters": (n) => `[["chsk/refresh",[["p-${n}","${n}"]]],null]`,
  pings: (n) => `[["chsk/ws-ping"],"p-${n}"]`,
  "names in data": (n) => `[["a/echo",{"name-${n}":1}],"cb-${n}"]`,
};

/** Servers that were asked so much, each still there. */
const worlds: World[] = [];

function expectFewLines({ lines, server }: World): void {
  expect(lines.length).toBeLessThan(150);
  expect(server.errorChan.recent().length).toBeLessThan(150);
  expect(Object.keys(server.metrics().refusedBy).length).toBeLessThan(20);
}

const held = () => collectionsOf(BOUND).map(({ size, sample }) => `${size} entries, as ${sample}`);

describe("thousands that a peer makes up", () => {
  const before = held();

  for (const [what, send] of Object.entries(requests)) {
    it(
      `${what}: a few lines of log`,
      async () => {
        const csrf = what === "CSRF tokens" ? { csrfTokenFn: () => "s3cret" } : {};
        const world = begin({ allowedHosts: ["h"], trustProxy: 1, ...csrf });
        worlds.push(world);
        for (let n = 0; n < REQUESTS; n++) {
          await send(world, n);
          if (n % 100 === 99) await world.settle(PAUSE_MS);
        }
        await world.settle(LATER_MS);
        await send(world, REQUESTS);
        await world.settle();
        expectFewLines(world);
      },
      PATIENCE_MS,
    );
  }

  for (const [what, frame] of Object.entries(frames)) {
    it(
      `${what}, from a peer that stays: a few lines of log`,
      async () => {
        const world = begin();
        worlds.push(world);
        const peer = await world.connect(`client-id=c&${OWN}`);
        peer?.message('[["chsk/ack",0],null]');
        for (let n = 0; n < COUNT; n++) {
          peer?.message(frame(n));
          if (n % 50 === 49) await world.settle();
        }
        await world.settle(1_000);
        expectFewLines(world);
      },
      PATIENCE_MS,
    );
  }

  it(
    "are held by no Map, no Set and no array, wherever they are",
    () => {
      expect(held()).toEqual(before);
    },
    PATIENCE_MS,
  );

  it(
    "would be seen in a Map or an array that has no bound",
    () => {
      const all = new Map(Array.from({ length: COUNT }, (_, n) => [`made-up-${n}`, n]));
      const listed = [...all.values()];
      expect(held()).toEqual(expect.arrayContaining(["10000 entries, as made-up-0", "10000 entries, as 0"]));
      expect([all.size, listed.length]).toEqual([COUNT, COUNT]);
    },
    PATIENCE_MS,
  );
});
