import type { ClientState } from "@sente-lite/protocol";
import type { House } from "./house.ts";
import type { Tab } from "./tab.ts";
import type { Wire } from "./wire.ts";
import type { World } from "./world.ts";

// The invariants, looked at while a schedule runs.

/** What is known of a session of the server, from its handshakes. */
export interface SessionFacts {
  /** The house that has it, or had it last. */
  epoch: number;
  /** Which pushes are meant for it: those of that house from this one on. Each house that it came to has its own. */
  readonly since: Map<number, number>;
  /** Houses that began and ended while it was at none: what they pushed may be missing. */
  readonly passedBy: Set<number>;
  readonly uid: string | null;
  readonly clientId: string;
  /** How often its client had become another user. */
  readonly logins: number;
  /** The first push that is not known to be none of its. */
  cursor: number;
  isConfirmed: boolean;
  /** When a frame of its client was last heard. */
  lastContactMs: number;
  isHostile: boolean;
}

export interface Push {
  readonly epoch: number;
  readonly stamp: number;
  readonly isBad: boolean;
  readonly isFor: (session: SessionFacts) => boolean;
}

const HANDSHAKE = '[["chsk/handshake"';
const MAX_FRAMES = 20_000;

/** A handshake's uid, session and whether it was resumed. */
export function handshakeIn(
  data: string,
): { readonly uid: string | null; readonly id: string; readonly resumed: boolean } | undefined {
  if (!data.startsWith(HANDSHAKE)) return undefined;
  const [[, [uid, , , session]]] = JSON.parse(data) as [[string, [string | null, null, null, Record<string, unknown>]]];
  return { uid, id: String(session.session), resumed: session["resumed?"] === true };
}

/** A frame is about to leave. */
export function frameSent(world: World, wire: Wire, from: "client" | "server", data: string): void {
  if (++world.frames > MAX_FRAMES) throw new Error("frames without end");
  const side = wire[from];
  if (!world.mayOverrun && side.pipe.buffered >= world.setup.limits.highWaterBytes)
    world.fail(`a ${from} sent although its socket was full`);
  const mark = `${world.clock.now} ${data}`;
  if (!world.mayOverrun && /"chsk\/(ack|ws-ping)"/.test(data) && side.lastSent === mark)
    world.fail(`a ${from} sent ${data} twice at once`);
  const isFirst = side.lastSent === "";
  side.lastSent = mark;
  if (data.includes('"chsk/ws-ping"')) stallOnPing(world, wire, from);
  if (from === "server") {
    handshakeSent(world, wire, data);
    return;
  }
  const [, c, k] = /"c":(\d+),"k":(\d+)/.exec(data) ?? [];
  if (isFirst && !data.startsWith('[["chsk/ack"')) world.fail("a client's first frame is no ack");
  const sent = c === undefined ? undefined : world.tabs[Number(c)]?.sent[Number(k)];
  if (sent !== undefined) sent.sentIn = wire.sessionId;
}

function stallOnPing(world: World, wire: Wire, from: "client" | "server"): void {
  const sleeper = from === "server" ? world : world.tabOf(wire);
  if (sleeper?.stallOnPingMs === undefined) return;
  wire[from].actor.stall(sleeper.stallOnPingMs);
  sleeper.stallOnPingMs = undefined;
}

function handshakeSent(world: World, wire: Wire, data: string): void {
  const handshake = handshakeIn(data);
  if (handshake === undefined) return;
  const { id, uid, resumed } = handshake;
  wire.sessionId = id;
  if (uid !== wire.uid) world.fail(`${wire.uid} got the session of ${uid}`);
  const tab = world.tabOf(wire);
  if (tab !== undefined && world.clock.now < world.lineOf(tab).losesHandshakesUntil) {
    wire.cut(undefined, undefined);
    for (const side of [wire.client, wire.server]) world.clock.after(300, () => side.end(1006, ""));
  }
  if (resumed && wire.isForged) world.fail("a session was resumed that must not be");
  if (resumed) return;
  world.sessions.set(id, {
    epoch: world.house?.epoch ?? 0,
    since: new Map([[world.house?.epoch ?? 0, world.pushes.length]]),
    passedBy: new Set(),
    uid,
    logins: tab?.logins ?? 0,
    clientId: new URL(wire.url).searchParams.get("client-id") ?? "",
    cursor: world.pushes.length,
    isConfirmed: false,
    lastContactMs: world.clock.now,
    // Who comes back with his own codec is somebody else.
    isHostile: wire.url.includes("json2"),
  });
}

/** A house has judged who names a session: where another one had it, it is here from now on. */
export function sessionArrived(world: World, wire: Wire, { epoch, isClosing }: House): void {
  const [, id = ""] = /session\.([^.]+)\./.exec(wire.protocols.join(" ")) ?? [];
  const session = world.sessions.get(id);
  if (session === undefined || session.epoch === epoch || isClosing) return;
  if (session.uid !== wire.uid) return;
  // And it is given all that this house has pushed; of those between, what they left where it was known who they were.
  for (let between = session.epoch + 1; between < epoch; between++) session.passedBy.add(between);
  for (let since = session.epoch + 1; since <= epoch; since++) session.since.set(since, 0);
  session.epoch = epoch;
}

/** The server is about to hear a frame. */
export function clientHeard(world: World, wire: Wire): void {
  const session = world.sessions.get(wire.sessionId ?? "");
  if (session === undefined || !wire.server.isOpen) return;
  session.isConfirmed = true;
  session.lastContactMs = world.clock.now;
}

/** What a session gets is what was pushed to it, from its beginning, without a hole. */
export function pushReceived(world: World, tab: Tab, n: number): void {
  if (world.inbound !== undefined) {
    world.inbound.noteBegunAtClient(tab, n);
    return;
  }
  const session = world.sessions.get(tab.client.state.get().sessionId ?? "");
  const push = world.pushes[n];
  if (session === undefined || push === undefined) {
    world.fail(`client ${tab.index} got push ${n} in no session`);
    return;
  }
  const expected = nextPush(world, session);
  const mayMiss = world.setup.backpressure === "drop-oldest" && expected !== undefined && n > expected;
  const mayCome = session.passedBy.has(push.epoch) && n >= session.cursor && n < (expected ?? Number.POSITIVE_INFINITY);
  if (n !== expected && !mayMiss && !mayCome)
    world.fail(`client ${tab.index} got push ${n} where ${expected} was next`);
  session.cursor = n + 1;
  stampReceived(world, tab, push.stamp);
}

/** The next push that the session has to receive. */
export function nextPush(world: World, session: SessionFacts): number | undefined {
  for (let n = session.cursor; n < world.pushes.length; n++) {
    const push = world.pushes[n];
    if (
      push !== undefined &&
      n >= (session.since.get(push.epoch) ?? Number.POSITIVE_INFINITY) &&
      !session.passedBy.has(push.epoch) &&
      !push.isBad &&
      push.isFor(session)
    )
      return n;
  }
  return undefined;
}

/** What a client has not received, the server reports when the session is over. */
export function sessionReported(world: World, id: string, undelivered: readonly number[]): void {
  if (world.inbound !== undefined) {
    world.inbound.sessionReported(id, undelivered);
    return;
  }
  const session = world.sessions.get(id);
  if (session === undefined || session.isHostile || world.setup.limits.maxQueuedFrames < 100) return;
  const missing = nextPush(world, session);
  if (missing !== undefined && !undelivered.includes(missing)) world.fail(`push ${missing} is lost and not reported`);
}

/** Pushes and replies come in the order in which they were made. */
export function stampReceived(world: World, tab: Tab, stamp: number): void {
  if (world.setup.onSessionLost === "report" && stamp <= tab.lastStamp)
    world.fail(`client ${tab.index} got what was made at ${stamp} after ${tab.lastStamp}`);
  tab.lastStamp = stamp;
}

/** A socket is about to tell its owner that it has closed. */
export function socketClosed(world: World, wire: Wire, at: "client" | "server", code: number, reason: string): void {
  if (at === "server") {
    if (wire.isLeft && wire.server.closedWith === undefined && (code === 1000 || code === 1001)) world.network.ghosts--;
    return;
  }
  const tab = world.tabOf(wire);
  // What this side closed itself is nothing to it any more.
  if (
    tab === undefined ||
    world.wireOf(tab) !== wire ||
    wire.client.closedWith !== undefined ||
    (code !== 4429 && code !== 4503)
  )
    return;
  const { open, sessionId } = tab.client.state.get();
  if (open && code === 4503) tab.drained = sessionId;
  const [, retryInMs = 0] = /"retryInMs":(\d+)/.exec(reason) ?? [];
  tab.notBefore = world.clock.now + Math.min(Number(retryInMs), 300_000);
}

export function stateChanged(world: World, tab: Tab, next: ClientState): void {
  world.tracing.note(tab.index, next.sessionLost && next.open ? "open, session lost" : next.status);
  if (next.status === "terminal" && !world.isEnding && !world.isHostileTo(tab))
    world.fail(`client ${tab.index} is closed for good without a cause`);
  if (next.status !== "open") return;
  const lost = tab.sessionId;
  tab.sessionId = next.sessionId;
  const isOther = lost !== null && lost !== next.sessionId;
  if (isOther !== next.sessionLost) world.fail(`client ${tab.index}: a loss that is hidden, or invented`);
  if (!isOther) {
    // Where it goes on elsewhere, more is sent in it.
    tab.drained = null;
    return;
  }
  tab.gaps++;
  world.inbound?.sessionReplaced(lost);
  if (!hasCause(world, tab, lost)) world.fail(`client ${tab.index} lost its session without a cause`);
  // Who waits for an answer that cannot come any more is told at once.
  const isWaiting = tab.sent.some(
    ({ answer, sentIn, settled }) => answer !== undefined && sentIn === lost && settled === 0,
  );
  if (isWaiting && world.setup.onSessionLost === "report" && !world.hasDrained)
    world.fail(`client ${tab.index} still waits for the answers of a lost session`);
}

function hasCause(world: World, tab: Tab, id: string): boolean {
  const session = world.sessions.get(id);
  if (session === undefined) return true;
  const awayMs = world.clock.now - session.lastContactMs;
  return (
    (session.epoch !== world.house?.epoch && world.backplane === undefined) ||
    session.logins !== tab.logins ||
    awayMs >= world.setup.windowMs ||
    session.isHostile ||
    world.inbound?.hasOverflowed(id) === true ||
    (!session.isConfirmed && world.hasNamesake(tab)) ||
    world.setup.limits.maxQueuedFrames < 100
  );
}
