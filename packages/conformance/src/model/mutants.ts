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
const sessions = "packages/protocol/src/session/server-sessions.ts";
const ledger = "packages/protocol/src/session/ledger.ts";
const log = "packages/protocol/src/session/log.ts";
const heartbeat = "packages/protocol/src/session/heartbeat.ts";
const backoff = "packages/protocol/src/session/backoff.ts";
const clock = "packages/protocol/src/session/clock.ts";
const closeCodes = "packages/protocol/src/wire/close-codes.ts";
const driver = "packages/engine/src/client/driver.ts";
const connection = "packages/engine/src/server/connection.ts";
const connections = "packages/engine/src/server/connections.ts";

export const mutants: readonly Mutant[] = [
  one("no-attempt", sessions, "return known !== undefined && attempt <= known.attempt;", "return false;"),
  one(
    "stale-4409",
    connections,
    "closeAtOnce(host, socket, closeCodes.broken, STALE)",
    "closeAtOnce(host, socket, closeCodes.takenOver, STALE)",
  ),
  one(
    "key-by-client-id",
    sessions,
    "const known = named === undefined ? undefined : this.#byId.get(named.id);\n    const unconfirmed",
    "const known = [...this.#byId.values()].find((one) => labelOf(one.holder) === labelOf(arrival));\n    const unconfirmed",
  ),
  {
    // Both the session and the table know whether it is confirmed.
    name: "no-confirm",
    changes: [
      { file: server, search: "this.#isConfirmed = true;", replace: "" },
      { file: connection, search: "events.confirmed(this);", replace: "" },
    ],
  },
  one("no-confirming-ack", client, "this.#ackWaits = session !== undefined;", ""),
  one(
    "named-not-ended",
    sessions,
    'ending.push({ holder, reason: "resumed in vain" });',
    "",
    "who comes back as another leaves no session behind",
  ),
  one(
    "old-conn-alive",
    connection,
    "const isCurrent = () => attached === this.#attached;",
    "const isCurrent = () => true;",
  ),
  one("client-old-conn", driver, "if (!isLate()) this.#received(data);", "this.#received(data);"),
  one("client-old-closed", driver, "if (isLate()) return;\n        this.#forget();", "this.#forget();"),
  one(
    "pong-by-value",
    client,
    'return frame.value === "pong" && frame.cbId.startsWith("p");',
    'return frame.value === "pong";',
  ),
  one(
    "poison-uncounted",
    server,
    "this.#heartbeat.heard(now);\n    this.#count(bytes, now);",
    "this.#heartbeat.heard(now);",
  ),
  one("poison-uncounted-by-client", client, 'if (this.#status === "open") this.#count(bytes, now);', ""),
  one("ack-unchecked", ledger, "if (!this.covers(count)) return false;", ""),
  one("resume-unchecked", ledger, "return this.covers(count) && count >= this.#before;", "return true;"),
  one(
    "loss-keeps-counters",
    client,
    "this.#ledger = new Ledger(this.#log);\n    this.#lostSession",
    "this.#lostSession",
  ),
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
  one("non-monotonic", clock, "if (raw + offset < last) offset = last - raw;", ""),
  one("backoff-reset-early", backoff, "if (ms >= STABLE_MS)", "if (ms >= 0)"),
  one(
    "no-client-replay",
    client,
    "const isLeft = this.#ledger.resume(received);",
    "const isLeft = this.#ledger.acknowledge(received);",
  ),
  one(
    "no-server-replay",
    server,
    "const isLeft = this.#ledger.resume(received);",
    "const isLeft = this.#ledger.acknowledge(received);",
  ),
  one(
    "no-server-trim",
    server,
    "const isLeft = this.#ledger.resume(received);",
    "const isLeft = this.#ledger.resume(0);",
  ),
  one("loss-keeps-requests", client, "(request) => request.transmitted && !held.has(request.id)", "() => false"),
  one("timeout-keeps-queued", client, "this.#takeOut(request.id);", ""),
  one("timeout-takes-sent", log, "for (let at = this.#cursor; at <", "for (let at = this.#head; at <"),
  one("batch-lost", server, 'this.#status = "away";', 'this.#status = "away";\n    this.#batch = this.#options.root;'),
  one(
    "reply-overtakes",
    server,
    "throw tooLarge(frame.bytes, limits.maxPayloadBytes);\n    this.flush();",
    "throw tooLarge(frame.bytes, limits.maxPayloadBytes);",
  ),
  one("uid-unchecked", sessions, "holder.uid === uid && ", ""),
  one("uid-resend", client, "if (this.#handshake !== undefined && this.#handshake.uid !== uid) this.#giveUpLog();", ""),
  one(
    "orphans-kept",
    sessions,
    "if (resumed === undefined && isLater && unconfirmed !== known) {",
    "if (labelOf(arrival) === undefined) {",
  ),
  // Not in the model from which the rules come.
  one("codec-unchecked", sessions, "session.codec === codec && ", ""),
  one("too-big-kept", client, "if (isLeft && this.#wasTooBig) this.#takeOutTooBig();", ""),
  one("too-big-kept-by-server", server, "if (isLeft && this.#wasTooBig) this.#takeOutTooBig();", ""),
  one(
    "drop-uncounted",
    ledger,
    "this.#trim(this.#before + 1);",
    "this.log.acknowledge(1);",
    "what was given up at the bound counts",
  ),
  one(
    "drop-oldest-drops-replies",
    server,
    "({ isPush }) => isPush === true",
    "() => true",
    "pushes are left out at the bound, replies never",
  ),
  one(
    "no-mark",
    connection,
    "if (attached.socket.bufferedAmount >= mark) {",
    "if (attached.socket.bufferedAmount > mark + 1e9) {",
  ),
  one(
    "no-mark-at-client",
    driver,
    "if (socket.bufferedAmount >= limits.highWaterBytes) {",
    "if (socket.bufferedAmount < 0) {",
  ),
  one(
    "stays-full",
    connection,
    "if (attached === this.#attached) this.run();",
    "",
    "what a slow socket of the server holds up goes on as it drains",
  ),
  one(
    "stays-full-at-client",
    driver,
    "this.#isDraining = false;\n      this.run();\n    });",
    "this.#isDraining = false;\n    });",
    "what a slow socket of the client holds up goes on as it drains",
  ),
  one("pings-pile-up", server, "this.#pingWaits = false;\n    return pingFrame", "return pingFrame"),
  one(
    "acks-pile-up",
    server,
    "this.#ackWaits = false;\n      return ackFrame",
    "this.#ackWaits = this.#ledger.received % 2 === 1;\n      return ackFrame",
  ),
  one(
    "pongs-pile-up",
    server,
    'if (this.id === undefined || cbId.startsWith("p")) this.#pong = pong;',
    "if (this.id === undefined) this.#pong = pong;",
  ),
  one(
    "hint-unclamped",
    closeCodes,
    "retryInMs: Math.min(Math.floor(retryInMs), MAX_HINT_MS),",
    "retryInMs: Math.floor(retryInMs),",
  ),
  one("hint-ignored", client, "hinted ? readHint(reason) : undefined", "undefined"),
  one("1000-keeps", server, "if (code === closeCodes.normal || code", "if (code"),
  one(
    "1001-keeps",
    server,
    "code === closeCodes.normal || code === closeCodes.goingAway) this.#end",
    "code === closeCodes.normal) this.#end",
    "a page that goes away is not waited for",
  ),
  one(
    "4000-ends",
    server,
    "code === closeCodes.normal || code === closeCodes.goingAway) this.#end",
    "code === closeCodes.normal || code === closeCodes.goingAway || code === closeCodes.broken) this.#end",
  ),
  one("drain-in-doubt", client, 'if (this.#status === "open" && code === closeCodes.draining) this.#log.rewind();', ""),
  one("loss-doubts-unsent", client, "this.#log.takeTransmitted() : []", "this.#log.clear() : []"),
  one(
    "loss-doubts-answered",
    client,
    "this.#sessionLost = true;\n    this.#takeAnswered();",
    "this.#sessionLost = true;",
  ),
  one(
    "end-forgets-batch",
    server,
    "if (this.id !== undefined) this.flush();\n    if (this.#status",
    "if (this.#status",
  ),
  one(
    "hastened-before-hint",
    backoff,
    "Math.max(now, this.#notBefore) +",
    "now +",
    "neither do a network that is back and a look at the page come before a hint",
  ),
  one("loss-hidden", client, "this.#sessionLost = true;", ""),
];

/** Changes that nothing can notice, as another line guards the same. */
export const equivalent: readonly (Mutant & { readonly why: string })[] = [
  {
    ...one("too-big-taken-though-nothing-is-left", client, "if (isLeft && this.#wasTooBig)", "if (this.#wasTooBig)"),
    why: "the frame that was too big was transmitted and not counted: on a resume it is always left",
  },
];
