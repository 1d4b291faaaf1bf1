import type { Codec, Encoded, TraceEntry, TraceFn } from "@sente-lite/protocol";
import { guard } from "@sente-lite/protocol/calls";
import {
  allFeatures,
  BadEvent,
  countBytes,
  type Form,
  readClientFrame,
  readHandshake,
  readServerFrame,
} from "@sente-lite/protocol/session";

type Direction = "in" | "out";
type Told = { readonly [T in TraceEntry["type"]]: Omit<Extract<TraceEntry, { type: T }>, "at"> }[TraceEntry["type"]];

/** Who looks at a client's frames; nothing is read or copied while nobody does. */
export class Tracer {
  readonly #now: () => number;
  readonly #codec: Codec;
  readonly #onError: (error: unknown) => void;
  readonly #listeners = new Set<{ readonly fn: TraceFn; readonly payloads: boolean }>();

  constructor(now: () => number, codec: Codec, onError: (error: unknown) => void) {
    this.#now = now;
    this.#codec = codec;
    this.#onError = onError;
  }

  add(fn: TraceFn, payloads: boolean): () => void {
    const listener = { fn, payloads };
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  tellOpening(attempt: number): void {
    this.#tell({ type: "opening", attempt }, undefined);
  }

  tellClosed(code: number, reason: string): void {
    this.#tell({ type: "closed", code, reason }, undefined);
  }

  tellFrame(direction: Direction, data: Encoded, form: Form): void {
    if (this.#listeners.size === 0) return;
    const label = this.#labelOf(direction, data, form);
    this.#tell({ type: "frame", direction, bytes: countBytes(data), label }, data);
  }

  #tell(told: Told, payload: Encoded | undefined): void {
    if (this.#listeners.size === 0) return;
    const entry = { ...told, at: this.#now() } as TraceEntry;
    for (const listener of [...this.#listeners]) {
      // One that was called before may have removed it.
      if (!this.#listeners.has(listener)) continue;
      const { fn, payloads } = listener;
      guard(() => fn(payloads && payload !== undefined ? ({ ...entry, payload } as TraceEntry) : entry), this.#onError);
    }
  }

  #labelOf(direction: Direction, data: Encoded, form: Form): string {
    try {
      const value = this.#codec.decode(data);
      return direction === "in"
        ? labelServerFrame(value, form, this.#codec.stringIds)
        : labelClientFrame(value, this.#codec.stringIds);
    } catch {
      return "does not decode";
    }
  }
}

/** Names a server's frame, without its content. */
function labelServerFrame(value: unknown, form: Form, stringIds: boolean): string {
  const handshake = readHandshake(value, stringIds);
  if (handshake !== undefined) {
    const { session } = handshake;
    return session === undefined ? "handshake" : `handshake, ${session.resumed ? "resumed" : "new"} session`;
  }
  // Of a reply only the cb-id is shown, so any cb-id may count as open.
  const frame = readServerFrame(value, form, stringIds, () => true, allFeatures);
  if (frame.type === "reply") return `reply ${frame.cbId}`;
  if (frame.type === "ack") return `ack ${String(frame.count)}`;
  if (frame.type === "volatile") return `volatile ${frame.event?.[0] ?? "bad event"}`;
  if (frame.type !== "events") return frame.type;
  return frame.events.map((event) => (event instanceof BadEvent ? "bad event" : event[0])).join(", ");
}

function labelClientFrame(value: unknown, stringIds: boolean): string {
  const frame = readClientFrame(value, stringIds, allFeatures);
  if (frame.type === "ack") return `ack ${String(frame.count)}`;
  if (frame.type === "volatile") return `volatile ${frame.event?.[0] ?? "bad event"}`;
  if (frame.type === "event") return frame.cbId === null ? frame.event[0] : `${frame.event[0]} ${frame.cbId}`;
  return frame.type;
}
