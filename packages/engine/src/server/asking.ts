import {
  type Answered,
  type ChannelSocketServer,
  ReplyError,
  type RequestOptions,
  type SenteError,
  type SenteEvent,
  type ServerLimits,
  type ToClientId,
  UsageError,
} from "@sente-lite/protocol";
import type { Gate } from "@sente-lite/protocol/contract";
import { checkEvent, type RequestId, type ServerOutput, type Settlement } from "@sente-lite/protocol/session";
import { checkReply, type Patience, readPatience, settlementOf } from "../requests.ts";
import { type AskingNodes, type NodeQuestion, targetOf } from "./asking-nodes.ts";
import { checkTo } from "./check-to.ts";
import { isRoom, uidOf } from "./registry.ts";
import type { Rooms } from "./rooms/rooms.ts";
import type { Roster } from "./roster.ts";
import type { SessionDriver } from "./session-driver.ts";

export interface AskingOptions<Context> {
  /** Machine time. */
  readonly now: () => number;
  readonly limits: ServerLimits;
  readonly gate: Gate | undefined;
  readonly roster: Roster<Context>;
  readonly rooms: Rooms<Context>;
  /** Tells of a reply that does not keep the contract. */
  readonly report: (
    client: SessionDriver<Context>,
    error: SenteError,
    context: Readonly<Record<string, unknown>>,
  ) => void;
}

type Server = ChannelSocketServer;
type Settled = Extract<ServerOutput, { type: "settle" }>;

/** A request that waits for its settlement. */
interface Waiting {
  readonly eventId: string;
  readonly settle: (settlement: Settlement) => void;
}

/** What is asked, once it was checked. */
interface Question extends Patience {
  readonly event: SenteEvent;
}

const NOT_CONNECTED = { message: "no such client is connected, nor is it away with a session" };
const UNSUPPORTED = { message: "this client does not answer requests: it is none of ours, or an older one" };

/** What a server asks its clients (PROTOCOL.md section 6.11), and who waits for the answers. */
export class Asking<Context> {
  readonly #options: AskingOptions<Context>;
  #nodes: AskingNodes | undefined;
  readonly #waiting = new WeakMap<SessionDriver<Context>, Map<RequestId, Waiting>>();

  constructor(options: AskingOptions<Context>) {
    this.#options = options;
  }

  /** `server.requestFn`. */
  async request(...[to, event, options]: Parameters<Server["requestFn"]>): Promise<unknown> {
    checkOne(to);
    const question = this.#question("requestFn", event, options);
    const client = this.#findClient(to);
    if (client !== undefined) return this.#ask(client, question);
    const { event: asked, timeoutMs, signal } = question;
    const elsewhere = { to: [{ ...to, uid: uidOf(to.uid) }], event: asked, timeoutMs, isOne: true };
    const answered = await this.#nodes?.askOne(elsewhere, signal);
    if (answered === undefined) throw new ReplyError("not-connected", NOT_CONNECTED);
    if (answered.status === "rejected") throw answered.reason;
    return answered.value;
  }

  /** Where there are other nodes: clients there are asked as well. */
  useNodes(nodes: AskingNodes): void {
    this.#nodes = nodes;
  }

  /** Another node asks clients here. */
  async answerNode({ to, event, timeoutMs, isOne }: NodeQuestion): Promise<readonly Answered[]> {
    const { roster, rooms } = this.#options;
    const [one] = "room" in to ? [] : to;
    const question = { event, timeoutMs, signal: undefined };
    if (!isOne) return this.#askEach("room" in to ? rooms.findMeant(to) : roster.findReached(to), question);
    const client = one !== null && typeof one === "object" ? this.#findClient(one) : undefined;
    return client === undefined ? [] : this.#askEach([client], question);
  }

  /** `server.requestAllFn`. */
  async requestAll(...[given, event, options]: Parameters<Server["requestAllFn"]>): Promise<readonly Answered[]> {
    const { roster, rooms } = this.#options;
    const to = checkTo("requestAllFn", given);
    const question = this.#question("requestAllFn", event, options);
    const here = this.#askEach(isRoom(to) ? rooms.findMeant(to) : roster.findReached(to), question);
    if (this.#nodes === undefined) return here;
    const { event: asked, timeoutMs, signal } = question;
    const elsewhere = this.#nodes.askAll({ to: targetOf(to), event: asked, timeoutMs, isOne: false }, signal);
    return (await Promise.all([here, elsewhere])).flat();
  }

  async #askEach(clients: readonly SessionDriver<Context>[], question: Question): Promise<readonly Answered[]> {
    const asked = await Promise.allSettled(clients.map((client) => this.#ask(client, question)));
    if (question.signal?.aborted) throw question.signal.reason;
    return clients.map(({ uid, clientId }, i) => ({ uid, clientId, ...(asked[i] as PromiseSettledResult<unknown>) }));
  }

  /** The session says how a request ended; `bytes` is what its reply weighs. */
  settle(client: SessionDriver<Context>, { id, settlement, bytes }: Omit<Settled, "type">): void {
    const waiting = this.#waiting.get(client)?.get(id);
    if (waiting === undefined) return;
    const { gate, report } = this.#options;
    if (gate === undefined || !settlement.ok) {
      this.#forget(client, id);
      waiting.settle(settlement);
      return;
    }
    const settle = (final: Settlement) => {
      this.#forget(client, id);
      waiting.settle(final);
    };
    const reply = { eventId: waiting.eventId, value: settlement.value };
    // Not through the queue: a handler of what waits there may wait for this very reply.
    const isTaken = client.incoming.putBeside(bytes, () =>
      checkReply(gate, reply, (error, context) => report(client, error, context), settle),
    );
    if (!isTaken) settle({ ok: false, code: "closed", message: "too much of this client waits", data: null });
  }

  #ask(client: SessionDriver<Context>, { event, timeoutMs, signal }: Question): Promise<unknown> {
    if (!canAnswer(client)) return Promise.reject(new ReplyError("unsupported", UNSUPPORTED));
    const { session } = client;
    return settlementOf(signal, {
      begin: (settle) => {
        const id = session.request(event, timeoutMs, this.#options.now());
        this.#wait(client, id, { eventId: event[0], settle });
        return () => {
          this.#forget(client, id);
          session.cancel(id);
          client.run();
        };
      },
      transmit: () => client.run(),
    });
  }

  #wait(client: SessionDriver<Context>, id: RequestId, waiting: Waiting): void {
    const all = this.#waiting.get(client);
    if (all === undefined) this.#waiting.set(client, new Map([[id, waiting]]));
    else all.set(id, waiting);
    client.incoming.awaitReply();
  }

  #forget(client: SessionDriver<Context>, id: RequestId): void {
    if (this.#waiting.get(client)?.delete(id)) client.incoming.endAwait();
  }

  /**
   * The client that is meant. Of several with that id it is one that can answer: the last that is connected, else the
   * last that is away.
   */
  #findClient(to: ToClientId): SessionDriver<Context> | undefined {
    const clients = this.#options.roster.findReached(to);
    if (clients.length < 2) return clients[0];
    const able = clients.filter(canAnswer);
    return able.findLast(({ isLive }) => isLive) ?? able.at(-1) ?? clients.at(-1);
  }

  #question(taker: string, event: SenteEvent, options: RequestOptions = {}): Question {
    const { limits, gate } = this.#options;
    const checked = checkEvent(event);
    gate?.checkSent(checked);
    const { timeoutMs, signal } = readPatience(taker, options, limits.requestTimeoutMs);
    return { event: checked, timeoutMs, signal };
  }
}

function canAnswer<Context>({ session }: SessionDriver<Context>): boolean {
  return session.features.has("requests");
}

function checkOne(to: ToClientId): void {
  if (typeof to === "object" && to !== null && "clientId" in to) checkTo("requestFn", to);
  else throw new UsageError("bad-option", "requestFn asks one client, { uid, clientId }; requestAllFn asks several");
}
