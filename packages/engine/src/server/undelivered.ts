import type { Codec, Event } from "@sente-lite/protocol";
import { BadEvent, type Form, type Frame, readServerFrame } from "@sente-lite/protocol/session";

/** The events in frames that were pushed. */
export function eventsIn(frames: readonly Frame[], codec: Codec, form: Form): readonly Event[] {
  return frames.flatMap(({ data }) => {
    const read = readServerFrame(codec.decode(data), form, codec.stringIds, () => false);
    return read.type === "events" ? read.events.filter((event): event is Event => !(event instanceof BadEvent)) : [];
  });
}
