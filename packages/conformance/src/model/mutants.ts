// Faults that the model has to notice: each is a change of a line or two of the sources.

import type { directed } from "./directed.ts";

export interface Change {
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly search: string;
  readonly replace: string;
}

export interface Mutant {
  readonly name: string;
  readonly changes: readonly Change[];
  /** The directed schedule that notices it, where chance takes too long. */
  readonly directed?: keyof typeof directed;
}

const one = (name: string, file: string, search: string, replace: string, by?: keyof typeof directed): Mutant => ({
  name,
  changes: [{ file, search, replace }],
  ...(by && { directed: by }),
});

const client = "packages/protocol/src/session/client-session.ts";
const server = "packages/protocol/src/session/server-session.ts";
const clientInbox = "packages/protocol/src/session/client-inbox.ts";
const serverInbox = "packages/protocol/src/session/server-inbox.ts";
const sessions = "packages/protocol/src/session/session-table.ts";
const link = "packages/protocol/src/session/link.ts";
const outbox = "packages/protocol/src/session/client-outbox.ts";
const known = "packages/protocol/src/session/known-session.ts";
const connecting = "packages/protocol/src/session/connecting.ts";
const ledger = "packages/protocol/src/session/ledger.ts";
const log = "packages/protocol/src/session/log.ts";
const heartbeat = "packages/protocol/src/session/heartbeat.ts";
const backlog = "packages/protocol/src/session/backlog.ts";
const pace = "packages/protocol/src/session/pace.ts";
const serverFrames = "packages/protocol/src/wire/read-server-frame.ts";
const closeCodes = "packages/protocol/src/wire/close-codes.ts";
const shares = "packages/protocol/src/session/shares.ts";
const take = "packages/engine/src/incoming.ts";
const readingPace = "packages/engine/src/reading-pace.ts";
const receiver = "packages/engine/src/receiver.ts";
const clientIncoming = "packages/engine/src/client/incoming.ts";
const driver = "packages/engine/src/client/driver.ts";
const pump = "packages/engine/src/socket-pump.ts";
const clientOfEngine = "packages/engine/src/client/client.ts";
const serverOfEngine = "packages/engine/src/server/server.ts";
const sessionDriver = "packages/engine/src/server/session-driver.ts";
const sessionSocket = "packages/engine/src/server/session-socket.ts";
const following = "packages/engine/src/server/following-replies.ts";
const door = "packages/engine/src/server/door.ts";

export const mutants: readonly Mutant[] = [
  one("no-attempt", sessions, "return known !== undefined && arrival.attempt <= known.attempt;", "return false;"),
  one(
    "stale-4409",
    door,
    "closeAtOnce(host, socket, closeCodes.broken, STALE)",
    "closeAtOnce(host, socket, closeCodes.takenOver, STALE)",
  ),
  one(
    "key-by-client-id",
    sessions,
    "const known = named === undefined ? undefined : this.#byId.get(named.id);",
    "const known = [...this.#byId.values()].find(({ holder }) => holder.uid === uid && holder.clientId === clientId);",
  ),
  one("no-confirming-ack", client, "link.oweAck();", ""),
  one("old-conn-alive", pump, "const isLate = () => attachment !== this.#current;", "const isLate = () => false;"),
  one("old-conn-heard", pump, "if (!isLate()) owner.received(data);", "owner.received(data);"),
  one("old-conn-closes", pump, "if (isLate()) return;\n        this.detach();", "this.detach();"),
  one("pong-by-value", serverFrames, 'if (first === "pong" && cbId.startsWith("p"))', 'if (first === "pong")'),
  one("poison-uncounted", serverInbox, "    link.receiveUnreadable(bytes, now);", "    link.noteHeard(now);"),
  one("poison-uncounted-by-client", client, "this.#connecting.link?.receiveUnreadable(bytes, now);", ""),
  one("ack-unchecked", ledger, "if (!this.covers(count)) return false;", ""),
  one("resume-unchecked", ledger, "return this.covers(count) && count >= this.#before;", "return true;"),
  one("loss-keeps-counters", known, "this.#ledger = new Ledger(this.#outbox.log);\n    this.#current", "this.#current"),
  {
    // The grace for a side that stood still would save it.
    name: "naive-dead",
    changes: [
      {
        file: heartbeat,
        search: "if (this.#pingAt === undefined) return",
        replace: "if (this.#pingAt === undefined && late < this.#timeoutMs) return",
      },
      {
        file: heartbeat,
        search: "if (late > LATE_MS &&",
        replace: "if (this.#pingAt !== undefined && late > LATE_MS &&",
      },
    ],
  },
  one("no-late-grace", heartbeat, "late > LATE_MS", "late > Infinity"),
  one(
    "timed-by-the-wall",
    serverOfEngine,
    "makeMonotonic(host.monotonic)",
    "makeMonotonic(host.now)",
    "a session outlives a wall clock that is set",
  ),
  one(
    "timed-by-the-wall-at-client",
    clientOfEngine,
    "makeMonotonic(host.monotonic)",
    "makeMonotonic(host.now)",
    "a hint is kept although the wall clock is set",
  ),
  one("backoff-reset-early", connecting, "if (ms >= STABLE_MS)", "if (ms >= 0)"),
  one(
    "no-client-replay",
    known,
    "const tooBig = this.#ledger.resume(received);",
    "const tooBig = void this.#ledger.acknowledge(received);",
  ),
  one(
    "no-server-replay",
    server,
    "const tooBig = this.#backlog.ledger.resume(received);",
    "const tooBig = void this.#backlog.ledger.acknowledge(received);",
  ),
  one(
    "no-server-trim",
    server,
    "const tooBig = this.#backlog.ledger.resume(received);",
    "const tooBig = this.#backlog.ledger.resume(0);",
  ),
  one("loss-keeps-requests", outbox, "(request) => request.transmitted && !held.has(request.id)", "() => false"),
  one("timeout-keeps-queued", outbox, "this.#takeOut(request.id);", ""),
  one("timeout-takes-sent", log, "for (let at = this.#cursor; at <", "for (let at = this.#head; at <"),
  one("batch-lost", backlog, "this.pace.reset();", "this.pace.reset();\n    this.#batch = this.#root;"),
  one("reply-overtakes", backlog, "reply(frame: Frame): void {\n    this.flush();", "reply(frame: Frame): void {"),
  one("uid-unchecked", sessions, "holder.uid === uid &&\n", "\n"),
  one("uid-resend", clientInbox, "outbox.giveUpAll(reason);", ";"),
  one(
    "orphans-kept",
    sessions,
    "if (orphan !== undefined && orphan !== known && attempt > orphan.attempt) {",
    "if (orphan !== undefined && attempt === undefined) {",
  ),
  // Not in the model from which the rules come.
  one("codec-unchecked", sessions, "session.codec === codec &&\n", "\n"),
  one("too-big-kept", known, "this.#ledger.noteClose(wasOpen && code === closeCodes.tooBig);", ""),
  one("too-big-kept-by-server", server, "this.#backlog.ledger.noteClose(code === closeCodes.tooBig);", ""),
  one(
    "drop-uncounted",
    ledger,
    "this.#trim(this.#before + 1);",
    "this.log.acknowledge(1);",
    "what was given up at the bound counts",
  ),
  one(
    "drop-oldest-drops-replies",
    backlog,
    "({ isPush }) => isPush === true",
    "() => true",
    "pushes are left out at the bound, replies never",
  ),
  one(
    "no-mark",
    sessionSocket,
    "new SocketPump(ground, owner",
    "new SocketPump({ ...ground, limits: { highWaterBytes: Infinity } }, owner",
  ),
  one(
    "no-mark-at-client",
    driver,
    "new SocketPump(options, options",
    "new SocketPump({ ...options, limits: { highWaterBytes: Infinity } }, options",
  ),
  one(
    "stays-full",
    pump,
    "this.#session, () => this.look())",
    "this.#session, () => {})",
    "what a slow socket of the server holds up goes on as it drains",
  ),
  one(
    "stays-full-at-client",
    pump,
    "this.#session, () => this.look())",
    "this.#session, () => {})",
    "what a slow socket of the client holds up goes on as it drains",
  ),
  one("pings-pile-up", link, "this.#pingWaits = false;\n    return", "return"),
  one("acks-pile-up", link, "this.#ackWaits = false;\n", "this.#ackWaits = this.#ledger.received % 2 === 1;\n"),
  one(
    "pongs-pile-up",
    serverInbox,
    'if (!this.#parts.hasSession || cbId.startsWith("p")) link.owePong(pong);',
    "if (!this.#parts.hasSession) link.owePong(pong);",
  ),
  one(
    "hint-unclamped",
    closeCodes,
    "retryInMs: Math.min(Math.floor(retryInMs), MAX_HINT_MS),",
    "retryInMs: Math.floor(retryInMs),",
  ),
  one("hint-ignored", connecting, "isHinted ? readHint(reason) : undefined", "undefined"),
  one("1000-keeps", server, "if (code === closeCodes.normal || code", "if (code"),
  one(
    "1001-keeps",
    server,
    "code === closeCodes.normal || code === closeCodes.goingAway) {",
    "code === closeCodes.normal) {",
    "a page that goes away is not waited for",
  ),
  one(
    "4000-ends",
    server,
    "code === closeCodes.normal || code === closeCodes.goingAway) {",
    "code === closeCodes.normal || code === closeCodes.goingAway || code === closeCodes.broken) {",
  ),
  one("drain-in-doubt", known, "if (wasOpen && code === closeCodes.draining) this.#outbox.log.rewind();", ""),
  one("loss-doubts-unsent", outbox, "this.log.takeTransmitted() : []", "this.log.clear() : []"),
  one("loss-doubts-answered", outbox, "this.#takeAnswered();\n    const inDoubt", "const inDoubt"),
  one(
    "hastened-before-hint",
    connecting,
    "Math.max(now, this.#notBefore) +",
    "now +",
    "neither do a network that is back and a look at the page come before a hint",
  ),
  one(
    "bound-counts-a-turn",
    pace,
    "this.#isTaking = hasMoved && !log.isOver;",
    "this.#isTaking = false;",
    "one turn of the server passes the bound, and all of it arrives",
  ),
  one("loss-hidden", known, "this.#beganWithLoss = lost !== undefined;", ""),
];

/** Faults that are noticed where those who take events lag behind. */
export const inboundMutants: readonly Mutant[] = [
  one("weighs-its-frame", shares, "Math.max(weight, Math.ceil((bytes * weight) / total))", "bytes * 2"),
  one("checked-at-once", take, "while (!this.#isBusy && this.#waiting", "while (this.#waiting"),
  one(
    "checked-is-free",
    take,
    "this.#waiting.push({ place, step });\n    else",
    "{\n      this.#waiting.push({ place, step });\n      place.leave();\n    } else",
  ),
  one("bytes-without-bound", take, "this.#bytes + bytes <= limits.maxReceivedBytes", "true"),
  one("events-without-bound", take, "this.#count < limits.maxReceived ||", "true ||"),
  one("one-too-few", take, "this.#count < limits.maxReceived ||", "this.#count < limits.maxReceived - 2 ||"),
  one("never-goes-on", readingPace, "this.#options.peer.resume();", ""),
  one("a-loop-counts-nothing", receiver, "message[DELIVERY].place.wait();\n    mailbox", "mailbox"),
  one("overflows-in-silence", clientIncoming, "if (!session.overflow(now())) return;", "return;"),
  one(
    "overflow-keeps-the-session",
    client,
    "const hadSession = this.#session.id !== undefined;\n    this.#session.lose();",
    "const hadSession = this.#session.id !== undefined;",
  ),
  one("overflow-at-server-in-silence", sessionDriver, 'this.end(closeCodes.tooSlow, "too many events wait");', ""),
  one("acks-what-has-no-place", client, "nextControl(!this.#outputs.hasEvents)", "nextControl(true)"),
  one("server-acks-what-has-no-place", server, "nextControl(!this.#outputs.hasEvents)", "nextControl(true)"),
];

/** Faults that are noticed where houses hand their sessions on. */
export const handedOnMutants: readonly Mutant[] = [
  one("never-looks-for-it", door, "(await handover.fetch(admitted, arrival))", "false"),
  one("sent-forgotten", log, "this.#cursor = this.#head + transmitted;", ""),
  one("taken-over-forgotten", ledger, "this.#received = state.received;", ""),
  one("handler-stays-behind", following, "driver.session.replyFailed(request.cbId, UNANSWERED)", "void request"),
];

/** Changes that nothing can notice, as another line guards the same. */
export const equivalent: readonly (Mutant & { readonly why: string })[] = [
  {
    ...one(
      "too-big-taken-though-nothing-is-left",
      ledger,
      "isLeft && this.#closedOnTooBig ?",
      "this.#closedOnTooBig ?",
    ),
    why: "the frame that was too big was transmitted and not counted: on a resume it is always left",
  },
];
