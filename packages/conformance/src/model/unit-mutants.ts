// Faults that unit tests have to notice: what a model of sessions over a network does not reach, or only by luck. Each is a
// change of a line of the sources, and names the test file that must fail with it.

import { clusterMutants } from "./cluster-mutants.ts";
import type { Change } from "./mutants.ts";

export interface UnitMutant {
  readonly name: string;
  readonly change: Change;
  /** The test file, which passes without the change. */
  readonly test: string;
}

const mutantsOf =
  (file: string, test: string) =>
  (name: string, search: string, replace: string): UnitMutant => ({ name, change: { file, search, replace }, test });

const engine = "packages/engine/src";
const session = "packages/protocol/src/session";

const incoming = mutantsOf(`${engine}/incoming.ts`, `${engine}/incoming.test.ts`);
const readingPace = mutantsOf(`${engine}/reading-pace.ts`, `${engine}/incoming.test.ts`);
const incomingAtRandom = mutantsOf(`${engine}/incoming.ts`, `${engine}/incoming.random.test.ts`);
const unreadFrames = (name: string, search: string, replace: string, file = "server/unread-frames.ts"): UnitMutant =>
  mutantsOf(`${engine}/${file}`, `${engine}/server/unread-frames.test.ts`)(name, search, replace);
const turnsByTime = mutantsOf(`${engine}/turns.ts`, `${engine}/turns.test.ts`);
const unfinished = mutantsOf("packages/node/src/unfinished.ts", "packages/node/src/unfinished.test.ts");
const denoHost = mutantsOf("packages/node/src/deno-host.ts", "packages/node/src/deno-host.test.ts");
const piecewise = mutantsOf("packages/node/src/piecewise.ts", "packages/node/src/piecewise.test.ts");
const pongs = mutantsOf("packages/node/src/pongs.ts", "packages/node/src/pongs.test.ts");
const pool = mutantsOf(`${engine}/received-pool.ts`, `${engine}/incoming.test.ts`);
const poolParts = mutantsOf(`${engine}/received-pool.ts`, `${engine}/received-pool.test.ts`);
const receiver = mutantsOf(`${engine}/receiver.ts`, `${engine}/receiver.test.ts`);
const shares = mutantsOf(`${session}/shares.ts`, `${session}/shares.test.ts`);
const admission = mutantsOf(`${engine}/server/admission.ts`, `${engine}/server/admission.test.ts`);
const reason = mutantsOf(`${engine}/server/refusal.ts`, `${engine}/server/server.test.ts`);
const origin = mutantsOf(`${engine}/server/origin.ts`, `${engine}/server/admission.test.ts`);
const limits = `${engine}/server/limits`;
const allowance = mutantsOf(`${limits}/allowance.ts`, `${limits}/allowance.test.ts`);
const door = mutantsOf(`${engine}/server/door.ts`, `${limits}/limits.test.ts`);
const arrivals = mutantsOf(`${limits}/arrivals.ts`, `${limits}/limits.test.ts`);
const rateGate = mutantsOf(`${limits}/rate-gate.ts`, `${limits}/limits.test.ts`);
const hookTimeout = mutantsOf(`${engine}/server/hook-timeout.ts`, `${limits}/limits.test.ts`);
const requests = mutantsOf(`${engine}/server/dispatcher.ts`, `${limits}/limits.test.ts`);
const upgrades = mutantsOf("packages/node/src/request.ts", "packages/node/src/node.test.ts");
const thrown = mutantsOf("packages/protocol/src/error-chan.ts", "packages/protocol/src/error-chan.test.ts");
const proxies = mutantsOf(`${engine}/server/proxies.ts`, `${engine}/server/proxies.test.ts`);
const hooks = (name: string, search: string, replace: string, file = "hooks.ts"): UnitMutant =>
  mutantsOf(`${engine}/server/${file}`, `${engine}/server/hooks.test.ts`)(name, search, replace);
const faults = (file: string, name: string, search: string, replace: string) =>
  mutantsOf(`${engine}/server/${file}`, `${engine}/server/fault-reports.test.ts`)(name, search, replace);
const csrf = mutantsOf(`${engine}/server/csrf.ts`, `${engine}/server/csrf.test.ts`);
const login = mutantsOf(`${engine}/server/login.ts`, `${engine}/server/admission.test.ts`);
const logins = (name: string, search: string, replace: string, file = "login.ts"): UnitMutant =>
  mutantsOf(`${engine}/server/${file}`, `${engine}/server/login.test.ts`)(name, search, replace);
const ending = mutantsOf(`${session}/login.ts`, `${session}/login.test.ts`);
const expiry = mutantsOf(`${session}/connecting.ts`, `${session}/login.test.ts`);
const table = mutantsOf(`${session}/session-table.ts`, `${session}/session-table.test.ts`);
const away = mutantsOf(`${session}/away-sessions.ts`, `${session}/session-table.test.ts`);
const pace = mutantsOf(`${session}/pace.ts`, `${session}/pace.test.ts`);
const outgoing = mutantsOf(`${engine}/server/outgoing.ts`, `${engine}/server/server.test.ts`);
const registry = mutantsOf(`${engine}/server/registry.ts`, `${engine}/server/registry.test.ts`);
const presence = mutantsOf(`${engine}/server/presence.ts`, `${engine}/server/present-uids.test.ts`);
const present = mutantsOf(`${engine}/server/present-uids.ts`, `${engine}/server/present-uids.test.ts`);
const bindings = (name: string, search: string, replace: string, file = "session-binding.ts"): UnitMutant =>
  mutantsOf(`${engine}/server/${file}`, `${engine}/server/session-binding.test.ts`)(name, search, replace);
const codecs = "packages/protocol/src/codecs";
const missed = mutantsOf(`${engine}/server/missed.ts`, `${engine}/server/registry.test.ts`);
const volatileMutantsOf = (file: string) => mutantsOf(file, `${engine}/volatile.test.ts`);
const volatileFrames = mutantsOf("packages/protocol/src/wire/frames.ts", `${session}/volatile.test.ts`);
const rooms = "packages/protocol/src/rooms";
const roomMutantsOf = (file: string) => mutantsOf(`${rooms}/${file}`, `${rooms}/rooms.random.test.ts`);
const serverRoomMutantsOf = (file: string) =>
  mutantsOf(`${engine}/server/rooms/${file}`, `${engine}/server/rooms/rooms.random.test.ts`);
const backlog = mutantsOf(`${session}/backlog.ts`, `${engine}/server/backpressure.test.ts`);

export const unitMutants: readonly UnitMutant[] = [
  // What breaks the rules of a frame, is silent, or has gone.
  mutantsOf(`${engine}/server/session-driver.ts`, `${engine}/server/server.test.ts`)(
    "frames-of-any-size",
    "if (bytes > limits.maxPayloadBytes) {",
    "if (bytes > Number.POSITIVE_INFINITY) {",
  ),
  mutantsOf(`${session}/heartbeat.ts`, `${session}/heartbeat.test.ts`)(
    "silent-peers-live",
    'return "dead";',
    "return undefined;",
  ),
  mutantsOf(`${engine}/server/door.ts`, `${limits}/limits.test.ts`)(
    "places-of-those-who-went",
    "closed: (code, reason) => {\n          place.release();",
    "closed: (code, reason) => {",
  ),
  mutantsOf("packages/protocol/src/wire/read-client-frame.ts", `${session}/sessions.test.ts`)(
    "callback-ids-of-any-length",
    "|| cbId.length > MAX_CB_ID_LENGTH",
    "",
  ),
  mutantsOf(`${session}/ledger.ts`, `${session}/resume.test.ts`)(
    "acks-of-what-was-never-sent",
    " && count <= this.transmitted",
    "",
  ),
  mutantsOf(`${codecs}/gzip/stream.ts`, `${codecs}/gzip/gzip.test.ts`)(
    "inflated-without-bound",
    "if (size > maxBytes) {",
    "if (size > Number.POSITIVE_INFINITY) {",
  ),
  mutantsOf(`${codecs}/json/decode.ts`, `${codecs}/json/json.test.ts`)(
    "nested-without-end",
    "&& isDeeper(value, maxDepth)",
    "&& maxDepth < 0 && isDeeper(value, maxDepth)",
  ),
  // What sessions are bound to.
  mutantsOf(`${session}/session-table.ts`, `${engine}/server/session-binding.test.ts`)(
    "bound-to-nothing",
    "known.binding === binding &&",
    "",
  ),
  bindings("moves-to-anybody", "asked.binding === binding &&", "", "handover.ts"),
  bindings("one-family-of-addresses", '? "4" : "6"', '? "4" : "4"'),
  // Who is here.
  present(
    "all-are-copied-for-each",
    "let made: ReadonlySet<Uid> | undefined;",
    "let made: ReadonlySet<Uid> | undefined = this.#uidsAt(changes, at);",
  ),
  present("a-view-shows-who-came-later", "all.slice(at)", "all.slice(at + 1)"),
  presence("the-same-view-for-each", "this.#view = undefined;", ""),
  // What waits at a receiver (PROTOCOL.md section 9).
  shares("each-event-weighs-its-frame", "Math.max(weight, Math.ceil((bytes * weight) / total))", "bytes"),
  shares(
    "small-parts-weigh-their-text",
    "Math.max(weight, Math.ceil((bytes * weight) / total))",
    "Math.ceil((bytes * weight) / total)",
  ),
  incoming(
    "what-waits-for-a-validator-is-free",
    "this.#waiting.push({ place, step });\n    else",
    "{\n      this.#waiting.push({ place, step });\n      place.leave();\n    } else",
  ),
  incomingAtRandom("two-are-checked-at-once", "while (!this.#isBusy && this.#waiting", "while (this.#waiting"),
  incoming("bytes-without-bound", "this.#bytes + bytes <= limits.maxReceivedBytes", "true"),
  incoming("events-without-bound", "this.#count < limits.maxReceived ||", "true ||"),
  incoming("no-event-alone-is-let-in", "this.#count === 0 ||\n", "\n"),
  unreadFrames("all-are-read-in-one-turn", "!mustWait && this.#share.take(placesOf(bytes))", "!mustWait"),
  unreadFrames("large-frames-count-as-small-ones", "1 + Math.floor(bytes / PLACE_BYTES)", "1"),
  unreadFrames(
    "what-cannot-be-read-counts-as-what-can",
    "this.#share.spend(UNREADABLE_PLACES)",
    "this.#share.spend(0)",
  ),
  unreadFrames("pings-have-no-turn", "if (this.#isPaused || this.#share.take()) return;", "return;"),
  unreadFrames("read-on-never-after-pings", "    this.#isPaused = false;\n    this.#owner.resume();", ""),
  turnsByTime("a-turn-has-no-time", ">= PER_PEER_MS", ">= Number.POSITIVE_INFINITY"),
  turnsByTime("the-time-of-earlier-turns-counts", "      this.#since = undefined;\n", ""),
  turnsByTime("the-clock-stands-for-ever", "if (turn !== this.#number)", "if (turn === -1)"),
  piecewise("a-turn-reads-all", "if (takenMs >= TURN_MS) waitForTurn();", ""),
  piecewise("the-rest-is-lost-at-the-end", "if (rest !== undefined) give(rest);", ""),
  piecewise("a-pause-is-not-kept", "rest !== undefined && !stream.isPaused()", "rest !== undefined"),
  unfinished("messages-without-end", "!isOver && readBytes > maxBytes", "false"),
  unfinished("pongs-are-of-a-message", "if (!isEndInChunk) controlBytes += CONTROL_HEADER_BYTES + length;", ""),
  unfinished("what-is-in-the-chunk-of-an-end-counts-for-the-next", "if (!isEndInChunk) ", ""),
  denoHost("only-immediates", "next = then;", ""),
  pongs("pongs-that-nobody-takes-pile-up", "late === undefined && !stream.writableNeedDrain", "late === undefined"),
  unreadFrames("read-on-without-end", "peer.cannotPause === true && isOver", "false && isOver", "reading-pace.ts"),
  door("a-flood-comes-again-at-once", "if (delay !== undefined) await delay;", ""),
  mutantsOf(`${engine}/server/session-driver.ts`, `${limits}/limits.test.ts`)(
    "whatever-overflows-is-a-flood",
    "if (this.incoming.isFlood) this",
    "this",
  ),
  unreadFrames("what-waited-has-no-place", "this.#isHanded || ", "", "incoming.ts"),
  readingPace("never-paused-by-bytes", "&& bytes < this.#laggingBytes)) return;", ")) return;"),
  readingPace("goes-on-at-once", "count >= this.#lagging / 2", "count >= this.#lagging"),
  incoming(
    "given-up-and-handled",
    "return this.#bytes > 0 && this.#generation !==",
    "return this.#bytes < 0 && this.#generation !==",
  ),
  incoming(
    "given-up-and-held",
    "this.#pool?.release(bytes);\n    this.#pace.goOn();\n  }\n\n  /** @internal Adds a consumer",
    "this.#pace.goOn();\n  }\n\n  /** @internal Adds a consumer",
  ),
  incoming(
    "own-events-cost-a-connection",
    "if (bytes > 0) this.#options.peer.overflow();",
    "this.#options.peer.overflow();",
  ),
  readingPace(
    "the-turn-of-a-pause-has-no-bound",
    "return this.#held.bytes - this.#bytesAtPause < LAGGING_BYTES;",
    "return true;",
  ),
  incoming("a-turn-is-not-shared", " && this.#turnShare?.take() !== false;", ";"),
  pool(
    "the-equal-part-is-refused",
    "if (wanted * (this.#parts.length + (part.bytes > 0 ? 0 : 1)) <= this.#maxBytes) return true;",
    "",
  ),
  pool("anybody-makes-room", "if (part.bytes <= most || part", "if (part"),
  pool("the-pool-never-empties", "this.#bytes += bytes;\n    if", "if (bytes > 0) this.#bytes += bytes;\n    if"),
  poolParts("an-empty-part-stays", "else if (part.bytes === 0) this.#remove(part);", ""),
  poolParts("a-part-is-lost-with-another", "last.at = part.at;", ""),
  receiver("a-loop-counts-nothing", "message[DELIVERY].place.wait();\n    mailbox", "mailbox"),

  // Who is let in (section 1).
  origin("host-in-capitals", "name.toLowerCase()", "name"),
  origin("dot-of-an-absolute-name", '.replace(/\\.$/, "")', ""),
  origin("default-port-of-another-scheme", 'http: "80", https: "443"', 'http: "443", https: "443"'),
  origin(
    "no-host-is-any-host",
    "host !== null && isSameHost(origin, host, isSecure)",
    "host === null || isSameHost(origin, host, isSecure)",
  ),
  origin(
    "scheme-of-any-kind",
    "isSecure !== undefined && /^https?$/i.test(scheme)",
    "false && /^https?$/i.test(scheme)",
  ),
  admission("any-host", "if (allowedHosts !== undefined && ", "if (false && allowedHosts !== undefined && "),
  upgrades(
    "two-hosts",
    "addressOf({ url, headers })",
    "addressOf({ url, headers: { get: () => request.headers.host ?? null } })",
  ),
  upgrades("any-version-of-http", "request.httpVersionMajor === 1", "true"),
  thrown(
    "looks-at-what-was-thrown",
    "const error = errorOf(cause);",
    "const error = cause instanceof Error ? cause : new Error(printCause(cause));",
  ),
  proxies("proxies-of-anybody", "while (this.#isTrusted(client, trusted)) {", "while (trusted < 9) {"),
  proxies("two-ways-to-say-it", "return isDoubtful ? request", "return false ? request"),
  allowance("bytes-without-limit", "this.#events >= 1 && this.#bytes > 0", "this.#events >= 1"),
  allowance("names-without-limit", "isOver || allowance.isFull(now)", "allowance.isFull(now)"),
  arrivals("connections-without-limit", "this.#connections >= maxConnections", "false"),
  arrivals("addresses-without-limit", ">= maxConnectionsPerAddress", ">= Infinity"),
  arrivals("users-without-limit", "if (!isResumed && !this.#arrivals.hasRoomFor(key)) return false;", ""),
  arrivals("handshakes-without-limit", "this.#handshakes >= maxHandshakes", "false"),
  arrivals("refused-ones-are-free", "connects.charge(0);", ""),
  door("whoever-goes-before-it-is-open-stays", "abandon: () => place.release(),", "abandon: () => {},"),
  arrivals("names-that-clients-choose", "if (!isUser) return true;", ""),
  rateGate("user-without-limit", "shared?.charge(bytes);", ""),
  rateGate(
    "no-time-to-recover",
    "owner.tooFast(waitMs + RECOVERY_MS);\n    else {",
    "owner.tooFast(waitMs);\n    else {",
  ),
  hookTimeout("hooks-without-end", "!isThenable(given) ||", "true ||"),
  requests("requests-without-limit", "if (replies?.begin?.() === false) {", "replies?.begin?.();\n    if (false) {"),
  origin("raw-log-lines", "makePrintable(line)", "line"),
  origin("warned-of-each", "!warned.has(shown) && warned", "warned"),
  faults("fault-reports.ts", "our-own-are-told-of-each-time", '"bad-reply", "bad-frame", "bad-ack"', '"bad-reply"'),
  faults("report-limiter.ts", "told-of-each-name", " || this.#keys.size >= MAX_KEYS", ""),
  csrf("token-by-its-beginning", "let difference = expected.length ^ given.length;", "let difference = 0;"),
  csrf("no-token-asks-for-none", '|| expected === "") return false;', '|| expected === "") return true;'),
  admission(
    "other-origins-get-a-socket",
    "return isOriginAllowed ? this.#reject(parameters, { status, body }) : refuse(status, body);",
    "return this.#reject(parameters, { status, body });",
  ),
  admission("client-ids-of-any-length", "> MAX_CLIENT_ID_LENGTH) {", "> Number.POSITIVE_INFINITY) {"),
  login(
    "authorized-by-nothing",
    "authorizedFn !== undefined && !authorized",
    "authorizedFn !== undefined && authorized === false",
  ),
  logins("a-login-that-has-ended", "expiresAt <= host.now()", "false"),
  logins("an-end-in-seconds", "expiresAt >= LEAST_MS", "expiresAt >= 0", "hooks.ts"),
  logins("another-user-stays", "login.uid !== admitted.uid", "false", "login-refresh.ts"),
  logins("judged-for-another-connection", " || driver.admitted !== admitted", "", "login-refresh.ts"),
  logins("parameters-of-the-protocol", "!ownParameters.has(name)", "true", "login-refresh.ts"),
  logins("ended-for-now", "if (isForNow) driver.cut(closing);", "if (false) driver.cut(closing);", "login-refresh.ts"),
  ending(
    "a-login-for-ever",
    'if (now >= this.#endsAt) return "end";',
    "if (now >= this.#endsAt) this.#endsAt = NEVER;",
  ),
  ending("answers-unasked", "const wasAsked = this.#isAsked;", "const wasAsked = true;"),
  ending("answers-twice", "    this.#isAsked = false;\n    return wasAsked;", "    return wasAsked;"),
  ending(
    "asked-without-end",
    "this.#askAt = isRenewed ? this.#timeToAsk(now) : NEVER;",
    "this.#askAt = this.#timeToAsk(now);",
  ),
  ending("the-login-before", "    this.#endsAt = NEVER;\n    this.#askAt = NEVER;\n    this.#isAsked = false;", ""),
  expiry("a-refusal-tried-again", "this.#link !== undefined && isLoginExpired", "isLoginExpired"),
  expiry("an-expired-login-is-final", "    if (isExpired) {", "    if (false) {"),
  admission("handshake-of-any-size", "if (bytes > maxFrameBytes) throw makeTooLarge(bytes, maxFrameBytes);", ""),
  admission("too-large-told-each-time", "!(isTooLarge || isLate) || this.#limiter.allows(String(code))", "true"),
  admission("a-chosen-uid-is-a-user", "this.#core.options.userIdFn !== undefined && uid !== null", "uid !== null"),
  hooks("headers-with-lines", "!/^[\\t\\x20-\\x7e]*$/.test(value)", "false", "refusal-headers.ts"),
  hooks("headers-of-the-connection", "OF_THE_CONNECTION.has(lower) || ", "", "refusal-headers.ts"),
  reason("reason-uncut", "if (bytes > MAX_REASON_BYTES) break;", ""),
  hooks("token-of-any-type", 'if (typeof token !== "string") {', "if (false) {"),
  hooks("uid-of-any-type", 'if (typeof uid !== "string") {\n    throw', "if (false) {\n    throw"),
  hooks("uid-of-any-length", "uid.length > MAX_UID_LENGTH", "false"),
  hooks(
    "status-of-any-kind",
    "!STATUSES.includes(status)) throw createRejectionError(",
    "false) throw createRejectionError(",
  ),
  hooks(
    "thrown-status-of-any-kind",
    "!STATUSES.includes(status)) throw createReasonError(",
    "false) throw createReasonError(",
  ),

  // Whose session it is (sections 6.4, 6.8).
  table("an-attempt-twice", "arrival.attempt <= known.attempt", "arrival.attempt < known.attempt"),
  table("client-id-unchecked", "holder.clientId === clientId &&\n", "\n"),
  table("form-unchecked", "session.form === form &&\n", "\n"),
  table("features-unchecked", "isSameFeatures(session.features, features);", "true;"),
  table("instances-of-others", "JSON.stringify([who.uid, who.clientId, instance])", "instance"),
  table("confirmed-sessions-end", "known?.holder.session.isConfirmed === false ? known : undefined", "known"),
  table("the-newer-is-forgotten", "if (this.#lastOf.get(key) === known) this", "this"),
  away("strangers-stay", "if (silent !== undefined) return silent;", ""),
  away("the-longest-away-at-an-address", "if (owner.isUser) return oldest;", "return oldest;"),
  away("a-newcomer-pushes-out", "sizeOf(part) > sizeOf(largest)", "sizeOf(part) >= sizeOf(largest)"),
  away("requests-weigh-nothing", "session.heldBytes + requestBytes", "session.heldBytes"),
  away("counted-again", "heldBytes - (part.sessions.get(holder) ?? 0)", "heldBytes"),
  away("silent-for-ever", "this.#silent.delete(holder);", ""),

  // Who is meant by a push, and what is kept for whom (section 8).
  registry("except-is-not-scoped-to-a-uid", "one.uid === uidOf(uid) && one.clientId", "one.clientId"),
  registry("except-is-all-of-a-user", " && one.clientId === clientId);", ");"),
  registry("sentes-name-for-nobody-is-a-uid", "uid === WITHOUT_UID ? null : uid", "uid"),
  registry(
    "meant-twice",
    "  const all = new Set<T>();\n  for (const one of to) for (const meant of find(one)) all.add(meant);\n  return all;",
    "  return [...to].flatMap((one) => [...find(one)]);",
  ),
  registry("the-oldest-gets-the-pushes", "sessionless.at(-1)", "sessionless.at(0)"),
  registry("who-has-left-gets-the-pushes", "newest === undefined || all.has(newest)", "true"),
  registry("missed-twice", "    this.forget(away);\n    return missed;", "    return away.missed.take();"),
  registry(
    "the-later-absence-is-forgotten",
    "if (clients?.get(away.clientId) !== away) return;",
    "if (clients === undefined) return;",
  ),
  outgoing(
    "left-out-and-kept-for-later",
    "this.#keepFor(roster.findAllMissing(isLeftOut)",
    "this.#keepFor(roster.findAllMissing(() => false)",
  ),
  outgoing("those-without-a-socket-count", "({ isLive }) => isLive", "() => true"),
  missed("missed-events-without-bound", "this.#events.length < maxQueuedFrames &&", ""),
  missed("missed-bytes-without-bound", "this.#bytes + bytes <= maxQueuedBytes &&", ""),
  missed("missed-by-all-without-bound", "&& this.#pool.hasRoom(bytes);", ";"),
  missed("what-was-missed-is-held-for-ever", "this.#pool.change(-this.#bytes);", ""),

  // What is worth nothing later (section 6.12).
  volatileFrames(
    "volatile-frames-are-counted",
    'direction: "both", isCounted: false, feature: "volatile"',
    'direction: "both", isCounted: true, feature: "volatile"',
  ),
  volatileMutantsOf(`${session}/pace.ts`)("volatile-waits-in-a-full-socket", "&& buffered < this.#highWaterBytes", ""),
  volatileMutantsOf(`${engine}/server/outgoing.ts`)(
    "volatile-is-not-counted-for-who-is-away",
    "for (const _away of missing) counters.volatileDropped++;",
    "",
  ),
  volatileMutantsOf(`${engine}/server/rooms/room-requests.ts`)(
    "volatile-is-kept-in-a-history",
    "if (isVolatile) rooms.posts.postVolatile(room, posted);\n        else ",
    "",
  ),

  // Rooms (section 6.10): nothing missing and nothing twice between what is recovered and what is live,
  mutantsOf(`${rooms}/membership.ts`, `${rooms}/membership.test.ts`)(
    "held-and-read-twice",
    "offset > read.top.offset",
    "true",
  ),
  mutantsOf(`${rooms}/membership.ts`, `${rooms}/membership.test.ts`)(
    "missed-while-a-history-is-read",
    'if (this.#status === "catching-up") this.#held.push(post);',
    "",
  ),
  roomMutantsOf("room-log.ts")("an-overflow-is-hidden", "position.offset >= oldest &&", ""),
  mutantsOf(`${rooms}/room-log.ts`, `${rooms}/room-log.test.ts`)(
    "positions-of-another-history",
    "position.epoch === this.#epoch &&",
    "",
  ),
  roomMutantsOf("histories.ts")("positions-in-use-are-forgotten", "if (isInUse(room)) this", "if (false) this"),
  roomMutantsOf("client-room.ts")("a-gap-is-let-through", "if (offset > last.offset + 1) {", "if (false) {"),
  // members who end with their session,
  roomMutantsOf("room-table.ts")(
    "members-outlive-their-session",
    "return [...(this.#sessions.get(session)?.values() ?? [])];",
    "return [];",
  ),
  roomMutantsOf("members-tally.ts")("the-first-of-two-sessions-ends-a-member", "if (before > 1) {", "if (false) {"),
  serverRoomMutantsOf("rooms.ts")(
    "a-session-ends-without-its-rooms",
    "for (const member of this.#table.allOf(connection)) this.close(member);",
    "",
  ),
  // and no event for who was refused, or had left.
  roomMutantsOf("membership.ts")("not-yet-in-and-given-events", 'if (this.#status !== "joined") return false;', ""),
  roomMutantsOf("room-table.ts")("who-left-is-still-in", "    remove(this.#rooms, room, session);\n", ""),
  serverRoomMutantsOf("room-requests.ts")("refused-and-let-in", "member.isMember || decision === true", "true"),
  serverRoomMutantsOf("room-requests.ts")(
    "who-leaves-stays",
    "if (member !== undefined) this.#options.rooms.close(member);",
    "",
  ),

  // What waits at a sender (section 6.7).
  pace(
    "the-spare-grows",
    "{ frames: Math.min(this.#spare.frames, log.size), bytes: Math.min(this.#spare.bytes, log.bytes) }",
    "{ frames: log.size, bytes: log.bytes }",
  ),
  pace("own-stalls-are-the-peers", "else if (isLate) this.#stoodSince = now;", ""),
  pace("patience-without-end", "now - this.#stoodSince < this.#patienceMs", "true"),
  pace("no-patience", "this.#stoodSince === undefined || now", "now"),
  backlog("dropped-without-asking", 'if (this.#backpressure !== "drop-oldest") return false;', ""),
  backlog("each-of-a-row-is-told", "isFirst: !this.#isDropping", "isFirst: true"),
  backlog("keys-replace-anything", "waiting.key === key", "true"),
  backlog("a-turn-is-judged-at-once", "if (this.pace.isTaking) return true;", ""),
  ...clusterMutants,
];
