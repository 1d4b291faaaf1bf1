import type { Codec, SenteEvent } from "@sente-lite/protocol";
import { readRoomEvent } from "@sente-lite/protocol/rooms";
import {
  allFeatures,
  BadEvent,
  type Form,
  type Frame,
  isProtocolId,
  readServerFrame,
  roomIds,
} from "@sente-lite/protocol/session";

/** The application's events in frames that were pushed, those of rooms among them. */
export function eventsIn(frames: readonly Frame[], codec: Codec, form: Form): readonly SenteEvent[] {
  const { stringIds } = codec;
  return frames.flatMap(({ data }) => {
    const read = readServerFrame(codec.decode(data), form, stringIds, () => false, allFeatures);
    if (read.type !== "events") return [];
    return read.events.flatMap((event) => (event instanceof BadEvent ? [] : findOwnEvent(event, stringIds)));
  });
}

/** How many of these frames are replies. */
export function repliesIn(frames: readonly Frame[], codec: Codec, form: Form): number {
  const isReply = ({ data }: Frame) =>
    readServerFrame(codec.decode(data), form, codec.stringIds, () => false, allFeatures).type === "reply";
  return frames.filter(isReply).length;
}

/**
 * The application's event in this one: the event itself, or what an event of a room holds. The protocol's other events
 * hold none.
 */
function findOwnEvent(event: SenteEvent, stringIds: boolean): readonly SenteEvent[] {
  const [id, data] = event;
  if (!isProtocolId(id)) return [event];
  const inRoom = id === roomIds.event ? readRoomEvent(data, stringIds) : undefined;
  return inRoom === undefined ? [] : [inRoom];
}
