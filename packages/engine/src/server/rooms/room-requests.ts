import { isReplyError, type RoomDecision, type SenteEvent } from "@sente-lite/protocol";
import { BackplaneError } from "@sente-lite/protocol/backplane";
import { isThenable, whenSettled } from "@sente-lite/protocol/calls";
import type { Gate, Verdict } from "@sente-lite/protocol/contract";
import {
  type HistoryRead,
  makeHistoryReply,
  makeJoined,
  makeRefused,
  type RoomPosition,
  readHistoryRange,
  readRoom,
  readRoomEvent,
  readSince,
} from "@sente-lite/protocol/rooms";
import { type ReplyFailure, roomIds, type ServerOutput, weightOf } from "@sente-lite/protocol/session";
import type { Place } from "../../incoming.ts";
import { failureOf, type Replies } from "../../replies.ts";
import type { Counters } from "../metrics.ts";
import { createMatcher } from "../registry.ts";
import type { SessionDriver } from "../session-driver.ts";
import type { Posted } from "./post.ts";
import type { RoomKind } from "./room-kinds.ts";
import type { Member } from "./room-posts.ts";
import { knowsRooms, placeMessage, type Rooms } from "./rooms.ts";

export interface RoomRequestsOptions<Context> {
  readonly rooms: Rooms<Context>;
  readonly gate: Gate | undefined;
  readonly counters: Counters;
  readonly maxPayloadBytes: number;
  readonly push: (connection: SessionDriver<Context>, event: SenteEvent) => void;
}

type Refuse = (failure: ReplyFailure) => void;

/** What a client asks of a room, as an event of the protocol's. */
type Asked = Pick<Extract<ServerOutput, { type: "event" }>, "event" | "isVolatile">;

/** Who asked for a room, and how they are answered. */
export interface JoinAnswers<Context> {
  readonly accept: (body: ReturnType<typeof makeJoined>, member: Member<Context>) => void;
  readonly refuse: Refuse;
}

const REFUSED: ReplyFailure = { code: "refused", message: "the server does not allow it", data: null };

/** What clients ask of rooms: each decided by the application, in the order in which a client asked for one room. */
export class RoomRequests<Context> {
  readonly #options: RoomRequestsOptions<Context>;
  /** Joins that the application has not decided: what else their client asks of that room waits for them. */
  readonly #pending = new Map<Member<Context>, Promise<void>>();

  constructor(options: RoomRequestsOptions<Context>) {
    this.#options = options;
  }

  /** A client's event of the protocol's, in its place in the queue; a promise where what follows has to wait. */
  take(
    connection: SessionDriver<Context>,
    { event: [id, data], isVolatile = false }: Asked,
    replies: Replies | undefined,
    place: Place,
  ): PromiseLike<void> | undefined {
    const room = readRoom(data);
    if (room === undefined) {
      this.#options.counters.badEvents++;
      replies?.replyWithError({ code: "bad-room", message: "that is no name of a room", data: null });
      return undefined;
    }
    return this.#waitForDecision(connection, room, () => {
      if (place.isVoid) return undefined;
      const refuse: Refuse = (failure) => replies?.replyWithError(failure);
      switch (id) {
        case roomIds.join:
          return this.join(connection, room, readSince(data), {
            accept: (body) => replies?.replyFn?.(body),
            refuse,
          });
        case roomIds.leave:
          return this.leave(connection, room);
        case roomIds.send:
          return this.#send(connection, room, readRoomEvent(data, connection.session.codec.stringIds), isVolatile);
        default:
          return this.#history(connection, room, data, replies);
      }
    });
  }

  /**
   * Joins a room. The answer comes at once or later: of what the client asks next, only what is about that room waits
   * for it.
   */
  join(
    connection: SessionDriver<Context>,
    room: string,
    since: RoomPosition | undefined,
    answers: JoinAnswers<Context>,
  ): undefined {
    const { rooms } = this.#options;
    const kind = rooms.find(room);
    if (kind === undefined) {
      answers.refuse({ code: "unknown-room", message: "there is no such room", data: null });
      return undefined;
    }
    const member = rooms.open(connection, room);
    if (typeof member === "string") {
      answers.refuse({ code: member, message: placeMessage(member), data: null });
      return undefined;
    }
    const actOn = (decision: Awaited<RoomDecision>) => this.#actOn(member, decision, since, answers);
    if (member.isMember) {
      actOn(true);
      return undefined;
    }
    const asked = this.#ask(connection, "joinFn", room, () => kind.joinFn?.(this.#request(connection, room)));
    if (!isThenable(asked)) {
      actOn(asked);
      return undefined;
    }
    connection.work.beginWork();
    const deciding = Promise.resolve(asked).then((decision) => {
      this.#pending.delete(member);
      actOn(decision);
      connection.work.endWork();
    });
    this.#pending.set(member, deciding);
    return undefined;
  }

  leave(connection: SessionDriver<Context>, room: string): undefined {
    const member = this.#options.rooms.membership(connection, room);
    if (member !== undefined) this.#options.rooms.close(member);
    return undefined;
  }

  /** May a client send that event into a room, by its contract and the application? */
  judge(connection: SessionDriver<Context>, room: string, event: SenteEvent): Promise<Judged> | Judged {
    const kind = this.#options.rooms.find(room);
    if (kind === undefined) return { failure: { code: "unknown-room", message: "there is no such room", data: null } };
    const verdict = this.#options.gate?.roomEvent(room, event) ?? { ok: true, value: event[1] };
    if (verdict instanceof Promise)
      return verdict.then((known) => this.#askToSend(connection, kind, room, event, known));
    return this.#askToSend(connection, kind, room, event, verdict);
  }

  /** Goes on once the application has decided on the join of that room, where one is pending. */
  #waitForDecision(
    connection: SessionDriver<Context>,
    room: string,
    act: () => PromiseLike<void> | undefined,
  ): PromiseLike<void> | undefined {
    const member = this.#options.rooms.membership(connection, room);
    const pending = member && this.#pending.get(member);
    return pending === undefined ? act() : pending.then(act);
  }

  #actOn(
    member: Member<Context>,
    decision: Awaited<RoomDecision>,
    since: RoomPosition | undefined,
    { accept, refuse }: JoinAnswers<Context>,
  ): void {
    const { rooms } = this.#options;
    const over: ReplyFailure = { code: "put-out", message: "the server ended it before", data: null };
    if (member.status === "over") {
      refuse(over);
      return;
    }
    // The server may have let it in meanwhile.
    if (member.isMember || decision === true) {
      void rooms.enter(member, since, (told, members) => {
        if (told === undefined) refuse(over);
        else accept(makeJoined(told, members), member);
      });
      return;
    }
    rooms.close(member);
    refuse(isReplyError(decision) ? failureOf(decision) : REFUSED);
  }

  /** What a function of the application's decides: `true`, or why not. */
  #ask(
    connection: SessionDriver<Context>,
    source: "joinFn" | "sendFn",
    room: string,
    call: () => RoomDecision | undefined,
  ): Promise<Awaited<RoomDecision>> | Awaited<RoomDecision> {
    const settle = (decision: Awaited<RoomDecision> | undefined) => (isReplyError(decision) ? decision : !!decision);
    const fail = (error: unknown) => {
      if (isReplyError(error)) return error;
      connection.report(error, { source, room });
      return false;
    };
    try {
      const decision = call();
      return isThenable(decision) ? Promise.resolve(decision).then(settle, fail) : settle(decision);
    } catch (error) {
      return fail(error);
    }
  }

  #request(connection: SessionDriver<Context>, room: string) {
    const { uid, clientId, admitted } = connection;
    return { room, uid, clientId, context: admitted.context, request: admitted.request };
  }

  #askToSend(
    connection: SessionDriver<Context>,
    kind: RoomKind<Context>,
    room: string,
    event: SenteEvent,
    verdict: Verdict,
  ): Promise<Judged> | Judged {
    if (!verdict.ok) {
      const { error, told } = verdict;
      this.#options.counters.badEvents++;
      connection.report(error, { source: "contract", event: event[0], room });
      return { failure: { code: error.code, message: told, data: null } };
    }
    const checked: SenteEvent = verdict.value === undefined ? [event[0]] : [event[0], verdict.value];
    const call = () => kind.sendFn?.({ event: checked, ...this.#request(connection, room) });
    const finish = (decision: Awaited<RoomDecision>): Judged => {
      if (decision === true) return { event: checked };
      return { failure: isReplyError(decision) ? failureOf(decision) : REFUSED };
    };
    const decision = this.#ask(connection, "sendFn", room, call);
    return isThenable(decision) ? Promise.resolve(decision).then(finish) : finish(decision);
  }

  /** What a client sends next waits until the application has decided: its order is kept. */
  #send(
    connection: SessionDriver<Context>,
    room: string,
    event: SenteEvent | undefined,
    isVolatile: boolean,
  ): PromiseLike<void> | undefined {
    if (event === undefined) {
      this.#options.counters.badEvents++;
      return undefined;
    }
    const { rooms } = this.#options;
    return whenSettled(this.judge(connection, room, event), (judged) => {
      if ("event" in judged) {
        const posted = { event: judged.event, uid: connection.uid, from: connection.clientId };
        if (isVolatile) rooms.posts.postVolatile(room, posted);
        else connection.incoming.act((said) => rooms.posts.post(room, said), posted);
      } else if (knowsRooms(connection)) {
        const { code, message } = judged.failure;
        this.#options.push(connection, makeRefused(room, event[0], code, message));
      }
    });
  }

  #history(
    connection: SessionDriver<Context>,
    room: string,
    data: unknown,
    replies: Replies | undefined,
  ): PromiseLike<void> | undefined {
    const { rooms, maxPayloadBytes } = this.#options;
    const refuse = (code: string, message: string) => void replies?.replyWithError({ code, message, data: null });
    if (rooms.membership(connection, room)?.isMember !== true) {
      refuse("not-a-member", "only who is in a room reads its history");
      return undefined;
    }
    if (rooms.find(room)?.history === undefined) {
      refuse("no-history", "this room keeps no history");
      return undefined;
    }
    const fail = (error: unknown) => {
      connection.report(error, { source: "history", room });
      if (error instanceof BackplaneError) refuse(error.code, "the history cannot be read now");
      else replies?.replyWithError(failureOf(error));
    };
    const answer = (read: HistoryRead<Posted>) => {
      const part = takeNewest(read, maxPayloadBytes / 4);
      const isMeant = ({ event: { except } }: (typeof part.entries)[number]) => !createMatcher(except)(connection);
      const entries = part.entries.filter(isMeant).map(({ event: { event, uid }, offset }) => ({ event, uid, offset }));
      try {
        replies?.replyFn?.(makeHistoryReply({ entries, position: read.top, isComplete: part.isComplete }));
      } catch (error) {
        // The client was answered with it.
        connection.report(error, { source: "history", room });
      }
    };
    const reading = rooms.posts.read(room, readHistoryRange(data));
    if (isThenable(reading)) return Promise.resolve(reading).then(answer, fail);
    answer(reading);
    return undefined;
  }
}

/** An event that goes into a room, or why it does not. */
export type Judged = { readonly event: SenteEvent } | { readonly failure: ReplyFailure };

/** The last entries that together weigh no more: what is asked for need not fit a frame. */
function takeNewest({ entries, isComplete }: HistoryRead<Posted>, maxBytes: number) {
  let bytes = 0;
  let from = entries.length;
  while (from > 0) {
    bytes += weightOf(entries[from - 1]?.event.event[1], maxBytes);
    if (bytes > maxBytes && from < entries.length) break;
    from--;
  }
  return { entries: entries.slice(from), isComplete: isComplete && from === 0 };
}
