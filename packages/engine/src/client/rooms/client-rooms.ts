import {
  ReplyError,
  type Room,
  type RoomHistory,
  type RoomHistoryOptions,
  type RoomJoinOptions,
  type SendOptions,
  type SenteEvent,
  UsageError,
} from "@sente-lite/protocol";
import type { Gate } from "@sente-lite/protocol/contract";
import { checkOptions } from "@sente-lite/protocol/options";
import {
  checkPosition,
  checkRoomName,
  makeHistory,
  makeJoin,
  makeLeave,
  makeSend,
  type RoomEvent,
  readHistoryReply,
  readJoined,
  readMembers,
  readPost,
  readRefusal,
  readRoom,
  readRoomEvent,
} from "@sente-lite/protocol/rooms";
import { type ClientSession, checkEvent, type RequestId, roomIds, type Settlement } from "@sente-lite/protocol/session";
import type { IncomingLimits } from "../../incoming.ts";
import type { ClientDriver } from "../driver.ts";
import type { ClientErrors } from "../errors.ts";
import type { ClientIncoming } from "../incoming.ts";
import { sendKinds } from "../outgoing.ts";
import { type RoomArrival, RoomHandle } from "./room-handle.ts";

const DEFAULT_LIMIT = 50;
/** Rooms that the server let this client in by itself and that nobody asked for: of more than these no events come. */
const MAX_UNASKED = 1_000;
const NO_TIMEOUT = Number.POSITIVE_INFINITY;
const UNSUPPORTED = { code: "unsupported", message: "the server has no rooms" };

const joinKinds = { since: "object|null" };
const historyKinds = { limit: "number", before: "object" };

export interface ClientRoomsOptions {
  readonly session: ClientSession;
  /** Machine time. */
  readonly now: () => number;
  readonly limits: IncomingLimits;
  readonly stringIds: boolean;
  readonly gate: Gate | undefined;
  readonly errors: ClientErrors;
  readonly incoming: ClientIncoming;
  readonly driver: ClientDriver;
}

/** The rooms of a client (PROTOCOL.md section 6.10): joined again with each session, until they are left. */
export class ClientRooms {
  readonly #options: ClientRoomsOptions;
  readonly #handles = new Map<string, RoomHandle>();
  readonly #public = new WeakMap<RoomHandle, Room>();
  /** Joins and histories that the server has not answered. */
  readonly #asked = new Map<RequestId, (settlement: Settlement) => void>();
  /** Rooms that the server let this client in, and that the application did not ask for. */
  readonly #unasked = new Set<string>();

  constructor(options: ClientRoomsOptions) {
    this.#options = options;
  }

  /** `client.room`. */
  readonly room = (name: string, options: RoomJoinOptions = {}): Room => {
    checkRoomName(name);
    checkOptions("room", options, joinKinds);
    const since = options.since == null ? undefined : checkPosition(options.since);
    const known = this.#handles.get(name);
    const status = known?.machine.status;
    if (known !== undefined && (status === "joining" || status === "joined")) return this.#publicOf(known);
    const { limits, incoming } = this.#options;
    const handle = new RoomHandle(name, since, limits, incoming);
    this.#handles.set(name, handle);
    this.#unasked.delete(name);
    this.#ask(handle);
    return this.#publicOf(handle);
  };

  /** A connection opened. */
  noteOpened(isResumed: boolean): void {
    if (isResumed) return;
    this.#unasked.clear();
    for (const handle of this.#handles.values()) {
      handle.machine.sessionBegan();
      handle.update();
      this.#ask(handle);
    }
  }

  /** Gives up what was received and still waits. */
  giveUpWaiting(): void {
    for (const handle of this.#handles.values()) handle.giveUpWaiting();
  }

  /** The session says how a request ended. False where it was not one of the rooms' requests. */
  settle(id: RequestId, settlement: Settlement): boolean {
    const settle = this.#asked.get(id);
    this.#asked.delete(id);
    settle?.(settlement);
    return settle !== undefined;
  }

  /** Takes an event of the protocol; false where it is not about rooms. `bytes` is what it weighs. */
  take([id, data]: SenteEvent, bytes: number): boolean {
    if (!SENT_BY_SERVERS.has(id)) return false;
    const room = readRoom(data);
    const handle = room === undefined ? undefined : this.#handles.get(room);
    if (room === undefined) return true;
    if (id === roomIds.event) this.#takePost(room, handle, data, bytes);
    else if (id === roomIds.members) handle?.takeMembers(readMembers(data) ?? { count: 0 });
    else if (id === roomIds.refused) this.#takeRefused(room, data);
    else if (id === roomIds.left) {
      this.#unasked.delete(room);
      handle?.takeLeftByServer(readRefusal(data));
    } else if (handle !== undefined && handle.machine.status !== "left") handle.takeJoinedByServer(readJoined(data));
    else if (this.#unasked.size < MAX_UNASKED) this.#unasked.add(room);
    return true;
  }

  #takePost(room: string, handle: RoomHandle | undefined, data: unknown, bytes: number): void {
    const { stringIds, incoming, gate } = this.#options;
    const event = readRoomEvent(data, stringIds);
    const { uid, offset } = readPost(data);
    const check = (one: SenteEvent) => gate?.roomEvent(room, one);
    if (handle === undefined) {
      // The application gets it as a peer without rooms does.
      if (event !== undefined && this.#unasked.has(room)) incoming.takeEvent(event, bytes, check);
      return;
    }
    const { recovered } = handle.machine;
    const isTaken = handle.machine.takes(offset);
    if (handle.machine.wantsJoin || handle.machine.recovered !== recovered) {
      handle.update();
      this.#ask(handle);
    }
    if (!isTaken) return;
    const { position: reached } = handle.machine;
    // An event without an offset says nothing of the history.
    const position = offset === undefined ? undefined : reached && { ...reached };
    // An event that is not for this client has only a place in the history.
    if (event === undefined) handle.noteSkipped(position);
    else
      incoming.takeRoomEvent(event, bytes, check, (place, checked) => {
        const arrival: RoomArrival = { event: checked, uid, position };
        handle.deliver(incoming, place, arrival);
      });
  }

  #takeRefused(room: string, data: unknown): void {
    const { code, message } = readRefusal(data);
    this.#options.errors.report(new ReplyError(code, { message }), { source: "room", room });
  }

  #publicOf(handle: RoomHandle): Room {
    const known = this.#public.get(handle);
    if (known !== undefined) return known;
    const { name } = handle;
    // Each is a function of its own, which users take off the object.
    const room: Room = Object.freeze({
      name,
      chRecv: handle.receiver,
      state: handle.state,
      members: handle.members,
      position: () => handle.position,
      sendFn: (event: SenteEvent, options?: SendOptions) => this.#send(handle, event, options),
      history: (options?: RoomHistoryOptions) => this.#history(name, options),
      leave: () => this.#leave(handle),
    });
    this.#public.set(handle, room);
    return room;
  }

  /** Asks the server to join, where the connection is open and the server was not asked yet. */
  #ask(handle: RoomHandle): void {
    const { session } = this.#options;
    if (session.status === "open") this.#askInOrder(handle);
  }

  /** Asks to join, even without a connection: the join then goes before what is sent next. */
  #askInOrder(handle: RoomHandle): void {
    const { session } = this.#options;
    const { machine, name } = handle;
    if (!machine.wantsJoin) return;
    if (session.status === "open" && !session.features.has("rooms")) {
      handle.takeRefusal(UNSUPPORTED);
      return;
    }
    this.#request(makeJoin(name, machine.beginJoin()), (settlement) => {
      if (settlement.ok) handle.takeJoined(readJoined(settlement.value));
      else {
        handle.takeJoinFailure(settlement);
        // Its server ended before it was decided, and another one goes on with the session.
        if (settlement.code === "closed") this.#ask(handle);
      }
    });
  }

  #request(event: SenteEvent, settle: (settlement: Settlement) => void): void {
    const { session, now, driver } = this.#options;
    this.#asked.set(session.request(event, NO_TIMEOUT, now()), settle);
    driver.run();
  }

  #send(handle: RoomHandle, event: SenteEvent, options: SendOptions = {}): boolean {
    const { session, now, driver, gate } = this.#options;
    if (handle.machine.status === "left") throw new UsageError("room-left", `the room ${handle.name} was left`);
    checkOptions("sendFn", options, sendKinds);
    const checked = checkEvent(event);
    gate?.checkSentInto(handle.name, checked);
    const sent = makeSend(handle.name, checked);
    if (options.volatile === true) return driver.sendVolatile(sent);
    this.#askInOrder(handle);
    const isAccepted = session.send(sent, now());
    driver.run();
    return isAccepted;
  }

  #leave(handle: RoomHandle): void {
    const { session, now, driver } = this.#options;
    const isKnown = handle.machine.leave();
    if (this.#handles.get(handle.name) === handle) this.#handles.delete(handle.name);
    handle.update();
    if (!isKnown) return;
    session.send(makeLeave(handle.name), now());
    driver.run();
  }

  async #history(room: string, options: RoomHistoryOptions = {}): Promise<RoomHistory> {
    checkOptions("history", options, historyKinds);
    const { limit = DEFAULT_LIMIT, before } = options;
    if (!Number.isSafeInteger(limit) || limit < 0) {
      throw new UsageError("bad-option", `limit is a whole number of at least 0, not ${limit}`);
    }
    const event = makeHistory(room, limit, before && checkPosition(before).offset);
    const settlement = await new Promise<Settlement>((resolve) => this.#request(event, resolve));
    if (!settlement.ok) {
      const { code, ...failure } = settlement;
      throw new ReplyError(code, failure);
    }
    const part = readHistoryReply(settlement.value, this.#options.stringIds);
    if (part === undefined) throw new ReplyError("invalid-reply", { message: "the server answered with no history" });
    const { position, isComplete } = part;
    const entries: RoomHistory["entries"][number][] = [];
    for (const entry of part.entries) {
      const checked = await this.#checkEvent(room, entry);
      if (checked === undefined) continue;
      const at = { epoch: position.epoch, offset: entry.offset };
      entries.push({ event: checked, id: checked[0], data: checked[1], uid: entry.uid, position: at });
    }
    return { entries, position, isComplete };
  }

  /** Checks an event of a history by the contract. Reports an event that breaks it, and returns undefined. */
  async #checkEvent(room: string, { event }: RoomEvent): Promise<SenteEvent | undefined> {
    const { gate, errors } = this.#options;
    const verdict = await (gate?.roomEvent(room, event) ?? { ok: true, value: event[1] });
    if (verdict.ok) return verdict.value === undefined ? [event[0]] : [event[0], verdict.value];
    errors.report(verdict.error, { source: "contract", event: event[0], room });
    return undefined;
  }
}

const SENT_BY_SERVERS: ReadonlySet<string> = new Set([
  roomIds.event,
  roomIds.joined,
  roomIds.left,
  roomIds.members,
  roomIds.refused,
]);
