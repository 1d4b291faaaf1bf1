import { createServer, type ServerCore } from "@sente-lite/engine";
import { type RoomOptions, SessionLostError } from "@sente-lite/protocol";
import type { Backplane } from "@sente-lite/protocol/backplane";
import { json } from "@sente-lite/protocol/json";
import type { Actor } from "./actor.ts";
import { consume, createSlowContract } from "./inbound.ts";
import type { Setup } from "./schedule.ts";
import { answerTo, type Sent, type Tab } from "./tab.ts";

/** json under another name: what a client that comes back with another codec would speak. */
const otherJson = { ...json, name: "json2" };

export interface HouseWorld {
  readonly setup: Setup;
  readonly backplane: Backplane | undefined;
  readonly rooms?: Readonly<Record<string, RoomOptions>>;
  readonly fail: (message: string) => void;
  readonly tab: (index: number) => Tab | undefined;
  /** Work on an event of a client begins. */
  readonly noteBegun: (client: number, k: number) => void;
  /** A handler has a request. */
  readonly noteAsked?: (sent: Sent) => void;
  /** It answers; false where nobody wants that. */
  readonly noteAnswered?: (sent: Sent, isWanted: boolean) => void;
  /** More came from one of the user's clients than may wait. */
  readonly noteOverflow: (uid: unknown, clientId: unknown) => void;
  readonly stamp: () => number;
  /** The server says that a session is over, and which pushes may not have arrived. */
  readonly sessionLost: (id: string, undelivered: readonly number[]) => void;
  /** How newcomers are refused at the moment. */
  readonly refusal: () => { readonly status: number; readonly retryInMs: number; readonly spreadMs: number } | null;
}

interface Data {
  readonly c: number;
  readonly k: number;
}

/** One life of the server, from its start to the end of its process, with the application's handlers. */
export class House {
  readonly actor: Actor;
  readonly core: ServerCore<unknown>;
  readonly epoch: number;
  readonly errors: string[] = [];
  /** It closes, and sends what waits without regard to the mark. */
  isClosing = false;
  /** Requests that are answered when told to. */
  #asked: (() => void)[] = [];
  readonly #world: HouseWorld;

  constructor(epoch: number, actor: Actor, world: HouseWorld) {
    this.epoch = epoch;
    this.actor = actor;
    this.#world = world;
    const { pingMs, windowMs, batchMs, limits, backpressure, maxAwaySessions, inbound } = world.setup;
    const contract = inbound && createSlowContract(inbound, actor);
    this.core = createServer({
      host: actor.host,
      codecs: [json, otherJson],
      options: {
        userIdFn: ({ headers }) => headers.get("x-uid"),
        rejectFn: () => world.refusal(),
        pingIntervalMs: pingMs.server,
        sessionWindowMs: windowMs,
        batchMs,
        backpressure,
        maxAwaySessions,
        ...(world.backplane && { backplane: world.backplane }),
        ...(world.rooms && { rooms: world.rooms }),
        ...limits,
        ...inbound?.limits,
        // To the application in here all events are alike.
        ...(contract && ({ contract } as object)),
      },
    });
    const { server } = this.core;
    if (inbound === undefined) server.chRecv.on("a/n", ({ data, uid }) => void this.#takeEvent(data as Data, uid));
    else {
      const consumer = inbound.consumer === "late" ? "router" : inbound.consumer;
      consume(server.chRecv, "a/n", { ...inbound, consumer }, actor, (message) => {
        const { data, uid } = message;
        world.noteBegun((data as Data).c, (data as Data).k);
        this.#takeEvent(data as Data, uid);
      });
    }
    server.chRecv.on("a/ask", ({ data, uid, replyFn }) => {
      const sent = this.#takeEvent(data as Data, uid);
      if (sent !== undefined && replyFn !== undefined) this.#answer(sent, replyFn);
    });
    server.errorChan.on(({ error, context }) => {
      this.errors.push((error as { readonly code?: string }).code ?? error.message);
      if (this.errors.at(-1) === "receiver-full") world.noteOverflow(context.uid, context.clientId);
      if (error instanceof SessionLostError) {
        const pushes = error.undelivered.map(([, data]) => (data as { readonly n: number }).n);
        world.sessionLost(error.sessionId, pushes);
      }
    });
  }

  /** Answers what waits for an answer. */
  answer(): void {
    for (const answer of this.#asked.splice(0)) answer();
  }

  #answer(sent: Sent, replyFn: (value: unknown) => boolean): void {
    const reply = () => {
      const { stamp, noteAnswered } = this.#world;
      const made = stamp();
      sent.replyStamp ??= made;
      const isWanted = replyFn(answerTo(sent));
      noteAnswered?.(sent, isWanted);
    };
    this.#world.noteAsked?.(sent);
    if (sent.answer === "later") this.#asked.push(reply);
    else if (sent.answer !== "never") reply();
  }

  #takeEvent({ c, k }: Data, uid: string | null): Sent | undefined {
    const { fail, tab, setup, rooms } = this.#world;
    const from = tab(c);
    const sent = from?.sent[k];
    if (from === undefined || sent === undefined) return undefined;
    const what = `event ${k} of client ${c}`;
    const { author } = sent;
    if (author !== undefined && uid !== author) fail(`${what}, written by ${author}, came in the name of ${uid}`);
    sent.delivered++;
    // Who resends gets at least once, by choice.
    if (setup.onSessionLost === "resend") return sent;
    if (sent.delivered > 1) fail(`${what} came twice`);
    // What still waits of a session that was lost is handled beside what the next one brings, at another node too.
    const order = setup.inbound === undefined && rooms === undefined ? "" : `${c} ${sent.sentIn}`;
    if (k < (from.lastDelivered.get(order) ?? -1)) fail(`${what} came after a later one`);
    from.lastDelivered.set(order, k);
    if (sent.sentIn === undefined) fail(`${what} came without being sent`);
    if (sent.isTakenOut) fail(`${what} timed out before it was sent, and came`);
    return sent;
  }
}
