import {
  type ChannelSocketServer,
  type ConnectedUids,
  kw,
  type SenteEvent,
  type ServerLimits,
  type ServerMessage,
  type Watchable,
} from "@sente-lite/protocol";
import { whenSettled } from "@sente-lite/protocol/calls";
import type { Gate, Verdict } from "@sente-lite/protocol/contract";
import type { ReplyFailure } from "@sente-lite/protocol/session";
import { type FeatureSet, isProtocolId, isUnderstood, roomIds, type ServerOutput } from "@sente-lite/protocol/session";
import { DELIVERY, type Message, UNHANDLED } from "../delivery.ts";
import type { IncomingLimits, Place } from "../incoming.ts";
import { OneReply, type Replies } from "../replies.ts";
import { Aside } from "./aside.ts";
import type { EventSource } from "./event-source.ts";
import type { AnswerPath, FollowingReplies, OpenRequest } from "./following-replies.ts";
import type { Counters } from "./metrics.ts";
import type { Outgoing } from "./outgoing.ts";
import { PubSub } from "./rooms/pub-sub.ts";
import type { RoomRequests } from "./rooms/room-requests.ts";
import type { SessionDriver } from "./session-driver.ts";

const TOO_FAST: ReplyFailure = { code: "rate-limited", message: "the client sends too much", data: null };
const TOO_MANY: ReplyFailure = { code: "too-many-requests", message: "too many requests wait for a reply", data: null };

const roomsOnly: FeatureSet = new Set(["rooms"]);

/** A message as a server's engine makes it. */
export type Delivered<Context> = ServerMessage<Context> & Message;

/** How a request is answered. */
interface RequestReplies extends Replies {
  /** It is given to the application; false where too many of its client wait for a reply. */
  begin?(): boolean;
}

export interface DispatcherOptions<Context> {
  readonly gate: Gate | undefined;
  readonly counters: Counters;
  /** Machine time. */
  readonly now: () => number;
  readonly limits: IncomingLimits & Pick<ServerLimits, "maxRequestsInFlight">;
  readonly connectedUids: Watchable<ConnectedUids>;
  readonly sendFn: ChannelSocketServer["sendFn"];
  readonly outgoing: Pick<Outgoing<Context>, "push">;
  /** Gives a message to the application; false where nobody wants it. */
  readonly deliver: (message: Delivered<Context>) => boolean;
  readonly roomRequests: RoomRequests<Context>;
  /** Where there are rooms: what sente_lite's peers ask of them. */
  readonly pubSub: PubSub<Context> | undefined;
  /** Where there are several servers: knows which requests have no answer. */
  readonly following: Pick<FollowingReplies<Context>, "begin" | "end"> | undefined;
}

/** Takes events from connections to the application, through the queue of each connection and by the contract. */
export class Dispatcher<Context> {
  readonly #options: DispatcherOptions<Context>;

  constructor(options: DispatcherOptions<Context>) {
    this.#options = options;
  }

  /** A client sent an event. */
  dispatch(driver: SessionDriver<Context>, sent: Extract<ServerOutput, { type: "event" }>): void {
    const { event, cbId, bytes } = sent;
    this.#options.counters.eventsIn++;
    if (this.#isOfRooms(driver, sent)) return;
    const replies = cbId === null ? this.#pubSubReplies(driver, event) : this.#createReplies(driver, cbId, event[0]);
    this.#enqueue(driver, event, bytes, replies);
  }

  /** It came too fast, and is not handled: whoever waits for a reply is told. */
  leaveOut(driver: SessionDriver<Context>, { event, cbId }: Extract<ServerOutput, { type: "event" }>): void {
    this.#options.counters.eventsIn++;
    if (cbId !== null) this.#createReplies(driver, cbId, event[0]).replyWithError(TOO_FAST);
  }

  /** This side made up an event of that connection. */
  announce(driver: EventSource<Context>, event: SenteEvent): void {
    this.#enqueue(driver, event, 0, undefined);
  }

  /**
   * Tells of a user, by that connection: now, so that what is told last is right, and before the connection's next events. Where
   * its handlers are busy it does not wait for them.
   */
  announceUser(driver: EventSource<Context>, id: "chsk/uidport-open" | "chsk/uidport-close"): void {
    const isBusy = !driver.incoming.isIdle || driver.work?.isIdle === false;
    this.announce(isBusy ? new Aside(driver, this.#options.limits) : driver, [id, driver.uid]);
  }

  /** Queues what a client asks of a room, in its order among the events of that client; false for any other event. */
  #isOfRooms(driver: SessionDriver<Context>, sent: Extract<ServerOutput, { type: "event" }>): boolean {
    const { event, cbId, bytes } = sent;
    const { roomRequests, pubSub } = this.#options;
    const { incoming, admitted } = driver;
    const [id] = event;
    if (isProtocolId(id) && isUnderstood(id, "c->s", roomsOnly)) {
      const replies = cbId === null ? undefined : this.#createReplies(driver, cbId, id);
      incoming.put(bytes, (place) => roomRequests.take(driver, sent, replies, place));
      return true;
    }
    if (pubSub === undefined || admitted.parameters.clientId !== undefined || !PubSub.asks(id)) return false;
    incoming.put(bytes, (place) => pubSub.take(driver, event, place));
    return true;
  }

  #enqueue(driver: EventSource<Context>, event: SenteEvent, bytes: number, replies: RequestReplies | undefined): void {
    const { gate } = this.#options;
    driver.incoming.put(bytes, (place) => {
      const verdict = gate?.event(event);
      if (verdict !== undefined) {
        return whenSettled<Verdict>(verdict, (settled) => this.#takeVerdict(driver, place, event, settled, replies));
      }
      this.#deliver(driver, place, event, replies);
      return undefined;
    });
  }

  #takeVerdict(
    driver: EventSource<Context>,
    place: Place,
    [id]: SenteEvent,
    verdict: Verdict,
    replies: RequestReplies | undefined,
  ): void {
    if (place.isVoid) return;
    if (!verdict.ok) this.#refuse(driver, id, verdict, replies);
    else this.#deliver(driver, place, verdict.value === undefined ? [id] : [id, verdict.value], replies);
  }

  /** Refuses an event that does not keep the contract. */
  #refuse(
    driver: EventSource<Context>,
    id: string,
    { error, told }: Extract<Verdict, { ok: false }>,
    replies: RequestReplies | undefined,
  ): void {
    this.#options.counters.badEvents++;
    driver.report(error, { source: "contract", event: id });
    replies?.replyWithError({ code: error.code, message: told, data: null });
  }

  #deliver(driver: EventSource<Context>, place: Place, event: SenteEvent, replies: RequestReplies | undefined): void {
    if (replies?.begin?.() === false) {
      replies.replyWithError(TOO_MANY);
      return;
    }
    const { connectedUids, sendFn, deliver } = this.#options;
    const { uid, clientId, admitted } = driver;
    const message: Delivered<Context> = {
      event,
      id: event[0],
      data: event[1],
      uid,
      clientId,
      context: admitted.context,
      request: admitted.request,
      replyFn: replies?.replyFn,
      sendFn,
      connectedUids,
      [DELIVERY]: {
        peer: driver,
        place,
        replyWithError: replies?.replyWithError,
        worker: driver.work,
      },
    };
    if (!place.act(deliver, message)) replies?.replyWithError(UNHANDLED);
  }

  /** Where there are no rooms: a sente_lite peer that asks for one and finds nobody to answer is told so (PROTOCOL.md section 4.5). */
  #pubSubReplies(driver: SessionDriver<Context>, event: SenteEvent): RequestReplies | undefined {
    if (driver.admitted.parameters.clientId !== undefined || !event[0].startsWith("sente-lite/")) return undefined;
    return {
      replyFn: undefined,
      replyWithError: ({ code, message }) => {
        this.#options.outgoing.push(driver, ["sente-lite/error", { "event-id": kw(event[0]), code, message }]);
        return true;
      },
    };
  }

  /** The ways to answer a client's request. */
  #createReplies(driver: SessionDriver<Context>, cbId: string, id: string): RequestReplies {
    return new ClientRequest(driver, cbId, id, this.#options);
  }
}

/** A request of a client, from its arrival to its answer: its connection's work, and where the answer goes. */
class ClientRequest<Context> extends OneReply implements RequestReplies, OpenRequest {
  readonly cbId: string;
  readonly #driver: SessionDriver<Context>;
  readonly #id: string;
  readonly #options: DispatcherOptions<Context>;
  #path: AnswerPath;
  #begun: number | undefined;

  constructor(driver: SessionDriver<Context>, cbId: string, id: string, options: DispatcherOptions<Context>) {
    super();
    this.cbId = cbId;
    this.#driver = driver;
    this.#id = id;
    this.#options = options;
    this.#path = driver.session;
    driver.work.beginWork();
    options.following?.begin(driver, this);
  }

  /** Who is let into a room here is not in it elsewhere: the client asks again there. */
  get mayFollow(): boolean {
    return this.#id !== roomIds.join;
  }

  answerBy(path: AnswerPath): void {
    this.#path = path;
  }

  /** It is given to the application; false where too many of its client wait for a reply. */
  begin(): boolean {
    const { requests } = this.#driver.work;
    const { limits } = this.#options;
    const now = this.#options.now();
    if (requests.count(now) >= limits.maxRequestsInFlight) return false;
    this.#begun = requests.begin(now);
    return true;
  }

  protected isWanted(): boolean {
    return this.#path.status !== "ended";
  }

  protected reply(value: unknown): void {
    this.#path.reply(this.cbId, value);
  }

  protected fail(failure: ReplyFailure): void {
    this.#path.replyFailed(this.cbId, failure);
  }

  protected report(error: unknown): void {
    this.#driver.report(error, { source: "reply", id: this.#id });
  }

  protected finish(): void {
    const driver = this.#driver;
    this.#options.following?.end(driver, this);
    if (this.#begun !== undefined) driver.work.requests.end(this.#begun);
    driver.run();
    driver.work.endWork();
  }
}
