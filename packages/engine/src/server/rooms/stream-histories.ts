import { ProtocolError } from "@sente-lite/protocol";
import type { Streams } from "@sente-lite/protocol/backplane";
import { type PostCodec, readEvent, readLabels } from "@sente-lite/protocol/cluster";
import type { HistoryBounds, HistoryRange, HistoryRead, RoomHistories, RoomPosition } from "@sente-lite/protocol/rooms";
import { labelsOf } from "../registry.ts";
import type { Posted } from "./post.ts";

export interface StreamHistoriesOptions {
  readonly codec: Pick<PostCodec, "encode" | "decode">;
  /** Throws where the node has not joined its backplane. */
  readonly streams: () => Streams;
}

/** Histories of rooms in the streams of a backplane, which all nodes share: each room has one order, whoever posts. */
export class StreamHistories implements RoomHistories<Posted> {
  readonly #options: StreamHistoriesOptions;

  constructor(options: StreamHistoriesOptions) {
    this.#options = options;
  }

  /** What is kept is kept elsewhere. */
  readonly bytes = 0;

  append(
    room: string,
    { event, uid, from, except }: Posted,
    _bytes: number,
    bounds: HistoryBounds,
  ): Promise<RoomPosition> {
    const kept = {
      event,
      ...(uid !== undefined && { uid }),
      ...(from !== undefined && { from }),
      ...(except !== undefined && { except: [...labelsOf(except)] }),
    };
    return this.#append(room, this.#options.codec.encode(kept), bounds);
  }

  async #append(room: string, bytes: Uint8Array, bounds: HistoryBounds): Promise<RoomPosition> {
    return this.#options.streams().append(streamOf(room), bytes, bounds);
  }

  async read(room: string, range: HistoryRange, bounds: HistoryBounds): Promise<HistoryRead<Posted>> {
    const { codec, streams } = this.#options;
    const part = "after" in range ? { after: range.after, limit: bounds.size + 1 } : range;
    const { entries, top, isComplete } = await streams().read(streamOf(room), part, bounds);
    return {
      entries: entries.map(({ offset, bytes }) => ({ offset, event: readPosted(codec.decode(bytes)) })),
      top,
      isComplete,
    };
  }
}

function streamOf(room: string): string {
  return `history/${room}`;
}

/** Throws `ProtocolError` for what no node of this version keeps. */
function readPosted(value: unknown): Posted {
  const body = typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  const event = readEvent(body.event);
  if (event === undefined) throw new ProtocolError("bad-entry", "an entry of a room's history that is no event");
  const { uid, from } = body;
  return {
    event,
    ...((typeof uid === "string" || uid === null) && { uid }),
    ...(typeof from === "string" && { from }),
    except: readLabels(body.except),
  };
}
