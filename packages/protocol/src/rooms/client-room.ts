import type { RoomPosition } from "./position.ts";

/**
 * joining: the server has not answered yet, or there is no connection; joined: its events come; refused: the server does
 * not let this client in, until the session is another; left: by this side or the server, for good.
 */
export type RoomStatus = "joining" | "joined" | "refused" | "left";

/** What the server says of a room that this client is in. */
export interface Joined {
  /** Where its history stands; undefined where it has none. */
  readonly position: RoomPosition | undefined;
  /** True where all that came since the position that was asked for follows. */
  readonly isRecovered: boolean;
}

/** Why a join was not answered with a room. */
export interface JoinRefusal {
  readonly code: string;
  readonly message: string;
}

/**
 * A client's side of one room (PROTOCOL.md section 6.10): it asks to join, asks again after a lost session with the
 * position up to which it has everything, and lets an event through exactly once. Pure; the driver sends what
 * `nextJoin` says, and tells what came of it.
 */
export class ClientRoom {
  #status: RoomStatus = "joining";
  #refusal: JoinRefusal | undefined;
  /** True while a join is not answered. */
  #isAsked = false;
  #asked: RoomPosition | undefined;
  #position: RoomPosition | undefined;
  #recovered: boolean | undefined;
  /** The position after which an event was missing; it was asked for. */
  #gap: RoomPosition | undefined;
  /** True once it was in the room, or was made with a position: from then on a missing event has to show. */
  #hasBegun: boolean;

  /** `since` is the position up to which the application has everything. */
  constructor(since?: RoomPosition) {
    this.#position = since;
    this.#hasBegun = since !== undefined;
  }

  get status(): RoomStatus {
    return this.#status;
  }

  get refusal(): JoinRefusal | undefined {
    return this.#refusal;
  }

  /** The position up to which all events were delivered; undefined where the room has no history. */
  get position(): RoomPosition | undefined {
    return this.#position;
  }

  /**
   * True where the last join brought all that came since the position before it, false where something may be missing,
   * undefined where there was nothing to recover.
   */
  get recovered(): boolean | undefined {
    return this.#recovered;
  }

  /** True where a join is to be sent. */
  get wantsJoin(): boolean {
    return this.#status === "joining" && !this.#isAsked;
  }

  /** Begins a join; returns the position since which it asks for events, where there is one. */
  beginJoin(): RoomPosition | undefined {
    this.#isAsked = true;
    this.#asked = this.#position;
    return this.#asked;
  }

  /** A connection opened with another session: the memberships of the one before are over. */
  sessionBegan(): void {
    if (this.#status === "joined" || this.#status === "refused") this.#status = "joining";
    if (this.#status === "joining") this.#refusal = undefined;
  }

  /** The server answered the join: this client is in the room. */
  joined(answer: Joined): void {
    if (this.#status === "left") return;
    this.#isAsked = false;
    this.#enter(answer, this.#asked);
  }

  /** The server does not let this client in. */
  refused(refusal: JoinRefusal): void {
    if (this.#status === "left") return;
    this.#isAsked = false;
    this.#refusal = refusal;
    this.#status = "refused";
  }

  /** The join was lost with its connection, or was not sent: the next session asks again. */
  unanswered(): void {
    this.#isAsked = false;
  }

  /** The server let this client in of its own accord. While a join is at the server, its answer counts. */
  joinedByServer(answer: Joined): void {
    if (this.#isAsked || this.#status === "left") return;
    this.#enter(answer, undefined);
  }

  /** The server put this client out. While a join is at the server, its answer counts. */
  leftByServer(refusal: JoinRefusal): void {
    if (this.#isAsked || this.#status !== "joined") return;
    this.#refusal = refusal;
    this.#status = "left";
  }

  /** Goes back to a position: the events after it were let through, but given up before anybody had them. */
  rewind(position: RoomPosition | undefined): void {
    if (this.#position !== undefined && position?.epoch === this.#position.epoch) this.#position = position;
  }

  /** Leaves the room. True where the server has to be told. */
  leave(): boolean {
    const isKnown = this.#isAsked || this.#status === "joined";
    this.#status = "left";
    return isKnown;
  }

  /**
   * An event of the room came, with its offset where the room has a history. True where it is to be delivered. Where an
   * event before it is missing, this is false until the server has said what came since; `recovered` tells what stays missing.
   */
  takes(offset: number | undefined): boolean {
    if (this.#status !== "joined") return false;
    const last = this.#position;
    if (offset === undefined || last === undefined) return true;
    if (offset <= last.offset) return false;
    if (offset > last.offset + 1) {
      if (!this.#hasAskedAfter(last)) {
        this.#gap = last;
        this.#status = "joining";
        return false;
      }
      // The server cannot give the missing event (this codec cannot say it, or no frame holds it): do not ask for ever.
      this.#recovered = false;
    }
    this.#position = { epoch: last.epoch, offset };
    return true;
  }

  #hasAskedAfter({ epoch, offset }: RoomPosition): boolean {
    return this.#gap?.epoch === epoch && this.#gap.offset === offset;
  }

  #enter({ position, isRecovered }: Joined, asked: RoomPosition | undefined): void {
    this.#status = "joined";
    this.#refusal = undefined;
    const isAllHere = asked !== undefined && isRecovered;
    this.#recovered = this.#hasBegun ? isAllHere : undefined;
    this.#position = isAllHere ? asked : position;
    this.#hasBegun = true;
  }
}
