import { kw, type SenteEvent } from "@sente-lite/protocol";
import { makePost, type RoomEvent } from "@sente-lite/protocol/rooms";
import { createMatcher, type ToLabels } from "../registry.ts";

/** An event that was sent into a room, as it is kept. */
export interface Posted extends RoomEvent {
  /** The client that sent it, as sente_lite's peers are told. */
  readonly from?: string | undefined;
  /** Who does not get it, now or later. */
  readonly except?: ToLabels | undefined;
}

/** Who gets a post, and how: what it needs to know of a connection. */
export interface Recipient {
  readonly uid: string | null;
  readonly clientId: string;
  readonly session: { readonly features: ReadonlySet<string> };
}

/** What sente_lite calls the rooms that its peers subscribed to: a string, or a keyword. */
export type ChannelId = unknown;

/** An event on its way to those who are in a room: one object for all who get it alike, so that they share frames. */
export class Post {
  readonly #room: string;
  readonly #posted: Posted;
  readonly #offset: number | undefined;
  readonly #isLeftOut: (recipient: Recipient) => boolean;
  #own: SenteEvent | undefined;
  #hole: SenteEvent | undefined;
  #channel: SenteEvent | undefined;

  constructor(room: string, posted: Posted, offset: number | undefined) {
    this.#room = room;
    this.#posted = posted;
    this.#offset = offset;
    this.#isLeftOut = createMatcher(posted.except);
  }

  /**
   * The event as that connection gets it, which may have subscribed by sente_lite's own events; undefined where it gets
   * none.
   */
  makeEventFor(recipient: Recipient, channelId?: ChannelId): SenteEvent | undefined {
    const knowsRooms = recipient.session.features.has("rooms");
    if (this.#isLeftOut(recipient)) {
      if (!knowsRooms || this.#offset === undefined) return undefined;
      this.#hole ??= makePost(this.#room, undefined, this.#offset);
      return this.#hole;
    }
    if (knowsRooms) {
      this.#own ??= makePost(this.#room, this.#posted, this.#offset);
      return this.#own;
    }
    return channelId === undefined ? this.#posted.event : this.#makeChannelMessage(channelId);
  }

  #makeChannelMessage(channelId: ChannelId): SenteEvent {
    if (channelId !== this.#room) return makeChannelMessage(channelId, this.#posted);
    this.#channel ??= makeChannelMessage(channelId, this.#posted);
    return this.#channel;
  }
}

const CHANNEL_MESSAGE = "sente-lite/channel-msg";

/** What a sente_lite peer published as the event that others get: an event, where it is one, or its data. */
export function makePublishedEvent(data: unknown, asEvent: SenteEvent | undefined): SenteEvent {
  return asEvent ?? [CHANNEL_MESSAGE, data];
}

function makeChannelMessage(channelId: ChannelId, { event, from }: Posted): SenteEvent {
  const [id, data] = event;
  const said = id === CHANNEL_MESSAGE ? data : event.length === 1 ? [kw(id)] : [kw(id), data];
  return [CHANNEL_MESSAGE, { "channel-id": channelId, data: said ?? null, ...(from !== undefined && { from }) }];
}
