import type { Room, RoomMembers, RoomMessage, RoomState, SenteEvent } from "@sente-lite/protocol";
import {
  ClientRoom,
  changeMembers,
  type Joined,
  type JoinRefusal,
  type MembersChange,
  noMembers,
  type RoomPosition,
} from "@sente-lite/protocol/rooms";
import type { Settlement } from "@sente-lite/protocol/session";
import { DELIVERY, type Message, type Peer } from "../../delivery.ts";
import type { IncomingLimits, Place } from "../../incoming.ts";
import { createReceiver, type ReceiverSource } from "../../receiver.ts";
import { createWatchable, type WatchableSource } from "../../watchable.ts";

/** An event of a room that passed the contract, on its way to the consumers. */
export interface RoomArrival {
  readonly event: SenteEvent;
  readonly uid: string | null | undefined;
  readonly position: RoomPosition | undefined;
}

/** One room of a client: the machine, and what the application sees of it. */
export class RoomHandle {
  readonly name: string;
  readonly machine: ClientRoom;
  readonly #source: ReceiverSource<RoomMessage & Message>;
  readonly #state: WatchableSource<RoomState>;
  readonly #members: WatchableSource<RoomMembers>;
  /** The position up to which the consumers have every event. Later events may still wait to be checked. */
  #delivered: RoomPosition | undefined;

  constructor(name: string, since: RoomPosition | undefined, limits: IncomingLimits, peer: Peer) {
    this.name = name;
    this.machine = new ClientRoom(since);
    this.#delivered = since;
    this.#source = createReceiver(limits, []);
    this.#state = createWatchable(this.#read(), (error) => peer.report(error, { source: "state", room: name }));
    this.#members = createWatchable(noMembers, (error) => peer.report(error, { source: "members", room: name }));
  }

  get receiver(): Room["chRecv"] {
    return this.#source.receiver;
  }

  get state(): Room["state"] {
    return this.#state.watchable;
  }

  get members(): Room["members"] {
    return this.#members.watchable;
  }

  get position(): RoomPosition | null {
    return this.#delivered ?? null;
  }

  /** The server answered the join. */
  takeJoined(joined: Joined & { readonly members: MembersChange | undefined }): void {
    this.machine.joined(joined);
    this.#enter(joined.members);
  }

  takeJoinedByServer(joined: Joined & { readonly members: MembersChange | undefined }): void {
    this.machine.joinedByServer(joined);
    this.#enter(joined.members);
  }

  /** The join was not answered with a room: refused, or lost with its session. */
  takeJoinFailure({ code, message }: Extract<Settlement, { ok: false }>): void {
    if (code === "closed") this.machine.unanswered();
    else this.machine.refused({ code, message: message ?? "the server gave no reason" });
    this.update();
  }

  takeRefusal(refusal: JoinRefusal): void {
    this.machine.refused(refusal);
    this.update();
  }

  takeLeftByServer(refusal: JoinRefusal): void {
    this.machine.leftByServer(refusal);
    this.update();
  }

  takeMembers(change: MembersChange): void {
    if (this.machine.status === "joined") this.#members.set(changeMembers(this.#members.watchable.get(), change));
  }

  /** Gives up what waits to be checked: the next join recovers it. */
  giveUpWaiting(): void {
    this.machine.rewind(this.#delivered);
  }

  /** An event was not for this client: it has only its place in the history. */
  noteSkipped(position: RoomPosition | undefined): void {
    if (position !== undefined && this.#delivered?.offset === position.offset - 1) this.#delivered = position;
  }

  deliver(peer: Peer, place: Place, { event, uid, position }: RoomArrival): void {
    if (this.machine.status === "left") return;
    if (position !== undefined) this.#delivered = position;
    const [id, data] = event;
    const delivery = { peer, place, replyWithError: undefined };
    const message = { event, id, data, room: this.name, uid, position: position ?? null, [DELIVERY]: delivery };
    this.#source.deliver(message);
  }

  /** The machine may have changed: tells the subscribers. */
  update(): void {
    const { status, code, message, recovered } = this.#state.watchable.get();
    const next = this.#read();
    const isSame =
      next.status === status && next.code === code && next.message === message && next.recovered === recovered;
    if (!isSame) this.#state.set(next);
    if (next.status !== "joined" && this.#members.watchable.get() !== noMembers) this.#members.set(noMembers);
  }

  #enter(members: MembersChange | undefined): void {
    if (this.machine.status === "joined") {
      this.#delivered = this.machine.position;
      if (members !== undefined) this.#members.set(changeMembers(noMembers, members));
    }
    this.update();
  }

  #read(): RoomState {
    const { status, refusal, recovered } = this.machine;
    return Object.freeze({
      status,
      code: refusal?.code ?? null,
      message: refusal?.message ?? null,
      recovered: recovered ?? null,
    });
  }
}
