import { type ClientSocket, createClient, type SocketHandlers } from "@sente-lite/engine";
import type { ClientState, ReplyFn, SenteEvent } from "@sente-lite/protocol";
import { SessionLostError } from "@sente-lite/protocol";
import { json } from "@sente-lite/protocol/json";
import type { Actor } from "./actor.ts";
import { consume, createSlowContract } from "./inbound.ts";
import type { Answer, ClientSetup, Setup } from "./schedule.ts";

/** What a client sent, and what became of it. `k` rises for the life of the client. */
export interface Sent {
  readonly k: number;
  /** Who the client was, as it knew; undefined before its first handshake. */
  readonly author: string | undefined;
  readonly answer: Answer | undefined;
  readonly isPatient: boolean;
  isAccepted: boolean;
  /** The session in which it was sent the last time. */
  sentIn: string | undefined;
  delivered: number;
  /** The client said that it may have arrived or not, or that it is not sent. */
  isReported: boolean;
  /** Its time was over before it was sent. */
  isTakenOut: boolean;
  /** It cannot be decoded, or is too big. */
  readonly isBad: boolean;
  settled: number;
  /** When it was told that no reply comes. */
  closedAtMs: number | undefined;
  /** When its reply was made, in the order of all that the server made. */
  replyStamp: number | undefined;
}

/** What the world does for a client. */
export interface TabWorld {
  readonly setup: Setup;
  readonly fail: (message: string) => void;
  readonly note: (tab: Tab, text: string) => void;
  readonly openSocket: (tab: Tab, url: string, protocols: readonly string[], handlers: SocketHandlers) => ClientSocket;
  /** More came than may wait. */
  readonly noteOverflow: (tab: Tab) => void;
  /** A push came. */
  readonly notePush: (tab: Tab, n: number) => void;
  /** The server asks for something. */
  readonly noteQuestion: (n: number, replyFn: ReplyFn | undefined) => void;
  /** An answer that the server made at that stamp came. */
  readonly noteMade: (tab: Tab, stamp: number, sent: Sent) => void;
  readonly stateChanged: (tab: Tab, previous: ClientState, next: ClientState) => void;
}

const NEVER_MS = 3_600_000_000;

/** A client of the engine, the application that uses it, and what that saw. */
export class Tab {
  readonly index: number;
  readonly setup: ClientSetup;
  readonly actor: Actor;
  readonly client: ReturnType<typeof createClient>;
  readonly sent: Sent[] = [];
  readonly errors: string[] = [];
  uid: string;
  attempts = 0;
  /** How often it became another user. */
  logins = 0;
  gaps = 0;
  /** The last of what the server made that came here. */
  lastStamp = 0;
  /** It left on purpose when it had sent so much: what of that was under way may be lost. */
  leftAt = 0;
  /** The last of what it sent that the server delivered: of all, or of each session. */
  readonly lastDelivered = new Map<string, number>();
  /** The session that it last knew. */
  sessionId: string | null = null;
  /** The last of its requests that got an answer. */
  lastAnswered = -1;
  /** The network is back, or somebody looks at the page. */
  hasten = () => {};
  /** A hint of the server: it does not come again before. */
  notBefore = 0;
  /** The session of which a draining server said exactly what it had taken over. */
  drained: string | null = null;
  stallOnPingMs: number | undefined;
  readonly #world: TabWorld;

  constructor(index: number, setup: ClientSetup, actor: Actor, world: TabWorld) {
    this.index = index;
    this.setup = setup;
    this.actor = actor;
    this.uid = setup.uid;
    this.#world = world;
    const { pingMs, onSessionLost, limits, inbound } = world.setup;
    const contract = inbound && createSlowContract(inbound, actor);
    const openSocket = (url: string, protocols: readonly string[], handlers: SocketHandlers) =>
      world.openSocket(this, url, protocols, handlers);
    const watchLifecycle = ({ hasten }: { readonly hasten: () => void }) => {
      this.hasten = hasten;
      return () => {};
    };
    this.client = createClient({ host: actor.host, openSocket, codecs: [json], watchLifecycle }, "ws://model/chsk", {
      clientId: setup.clientId,
      connect: false,
      pingIntervalMs: pingMs.client,
      highWaterBytes: limits.highWaterBytes,
      onSessionLost,
      ...inbound?.limits,
      // To the application in here all events are alike.
      ...(contract && ({ contract } as object)),
    });
    let previous = this.client.state.get();
    this.client.state.subscribe((next) => {
      const before = previous;
      previous = next;
      if (before.status !== next.status) world.stateChanged(this, before, next);
    });
    const notePush = ({ data }: { readonly data: unknown }) => world.notePush(this, (data as { readonly n: number }).n);
    if (inbound === undefined) {
      this.client.chRecv.on("s/n", notePush);
      this.client.chRecv.on("s/ask", ({ data, replyFn }) =>
        world.noteQuestion((data as { readonly n: number }).n, replyFn),
      );
    } else consume(this.client.chRecv, "s/n", inbound, actor, notePush);
    this.client.errorChan.on(({ error, context }) => this.#noteError(error, context));
  }

  /** The application sends an event. */
  send(mark?: "poison" | "big"): void {
    const sent = this.#add(undefined, false, mark !== undefined);
    sent.isAccepted = this.client.sendFn(this.#event("a/n", sent, mark));
  }

  /** The application asks for something. */
  ask(answer: Answer, timeoutMs: number | undefined): void {
    const sent = this.#add(answer, timeoutMs === undefined, false);
    const event = this.#event("a/ask", sent, undefined);
    sent.isAccepted = this.client.sendFn(event, timeoutMs ?? NEVER_MS, (reply) => this.#settle(sent, reply));
  }

  #event(id: string, { k, answer }: Sent, mark: string | undefined): SenteEvent {
    const padding = this.#world.setup.inbound?.paddingBytes;
    const more = { ...(answer && { answer }), ...(mark && { mark }), ...(padding && { x: "x".repeat(padding) }) };
    return [id, { c: this.index, k, ...more }];
  }

  #add(answer: Answer | undefined, isPatient: boolean, isBad: boolean): Sent {
    const sent: Sent = {
      k: this.sent.length,
      author: this.client.state.get().uid ?? undefined,
      answer,
      isPatient,
      isBad,
      isAccepted: true,
      sentIn: undefined,
      delivered: 0,
      isReported: false,
      isTakenOut: false,
      settled: 0,
      closedAtMs: undefined,
      replyStamp: undefined,
    };
    this.sent.push(sent);
    return sent;
  }

  #settle(sent: Sent, reply: unknown): void {
    const { fail, noteMade } = this.#world;
    const what = `request ${sent.k} of client ${this.index}`;
    if (++sent.settled > 1) fail(`${what} was settled twice`);
    if (reply === "chsk/timeout" && sent.isPatient) fail(`${what} timed out long before its time`);
    if (reply === "chsk/timeout" && sent.sentIn === undefined) sent.isTakenOut = true;
    if (reply === "chsk/closed") sent.closedAtMs = this.actor.host.monotonic();
    if (reply === "chsk/timeout" || reply === "chsk/closed") return;
    if (JSON.stringify(reply) !== JSON.stringify(answerTo(sent))) {
      fail(`${what} got ${JSON.stringify(reply)}`);
      return;
    }
    if (sent.replyStamp === undefined) fail(`${what} got an answer that nobody gave`);
    else noteMade(this, sent.replyStamp, sent);
    this.lastAnswered = Math.max(this.lastAnswered, sent.k);
  }

  #noteError(error: Error, context: Readonly<Record<string, unknown>>): void {
    this.errors.push((error as { readonly code?: string }).code ?? error.message);
    if (this.errors.at(-1) === "receiver-full") this.#world.noteOverflow(this);
    if (error instanceof SessionLostError) this.#checkInDoubt(error);
    else
      this.#findSent(context.events as readonly SenteEvent[] | undefined).forEach((sent) => {
        sent.isReported = true;
      });
  }

  /** Exactly what was sent in the lost session, and did not arrive for certain. */
  #checkInDoubt({ sessionId, undelivered }: SessionLostError): void {
    const { fail, note } = this.#world;
    const inDoubt = this.#findSent(undelivered);
    note(this, `in doubt: event ${inDoubt.map(({ k }) => k).join(", ")}`);
    const who = `client ${this.index} is in doubt of`;
    if (sessionId === this.drained) fail(`${who} what a draining server took over`);
    for (const sent of inDoubt) {
      sent.isReported = true;
      if (sent.sentIn !== sessionId) fail(`${who} event ${sent.k}, which was not sent in that session`);
      if (sent.k <= this.lastAnswered) fail(`${who} event ${sent.k}, although ${this.lastAnswered} was answered`);
    }
  }

  #findSent(events: readonly SenteEvent[] = []): readonly Sent[] {
    const ks = events.map(([, data]) => (data as { readonly k: number }).k);
    return this.sent.filter(({ k }) => ks.includes(k));
  }
}

/** What the server answers. */
export function answerTo({ k, answer }: Sent): unknown {
  if (answer === "nil") return null;
  if (answer === "pong") return "pong";
  if (answer === "ack") return ["chsk/ack", k];
  return `v${k}`;
}
