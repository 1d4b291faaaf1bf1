import type { Codec } from "../codecs/codec.ts";
import { EncodeError, type SenteError } from "../errors.ts";
import type { SenteEvent } from "../event.ts";
import { type Form, type Frame, pushFrame } from "../wire/frames.ts";

/** A batch that holds so many events is closed. */
const MAX_EVENTS = 256;

/** The frames of a batch for one codec and form, and the events that it could not hold. */
export interface BatchFrames {
  readonly frames: readonly Frame[];
  readonly refused: readonly { readonly event: SenteEvent; readonly error: SenteError }[];
}

/**
 * Pushed events that wait for their frame: a node of an immutable chain. A push moves each of its sessions from its
 * node to the child for that event, so that sessions with equal pending events stand at one node and share one frame,
 * encoded once for each codec. (Encoded events cannot be joined: Transit's cache spans the frame.)
 */
export class Batch {
  readonly #parent: Batch | undefined;
  readonly #event: SenteEvent | undefined;
  readonly #size: number;
  readonly #key: string | undefined;
  #child: Batch | undefined;
  #framed: { readonly codec: Codec; readonly form: Form; readonly result: BatchFrames }[] = [];

  private constructor(parent: Batch | undefined, event: SenteEvent | undefined, key: string | undefined) {
    this.#parent = parent;
    this.#event = event;
    this.#key = key;
    this.#size = parent === undefined ? 0 : parent.#size + 1;
  }

  /** The empty batch of a server, at which all its sessions begin. */
  static root(): Batch {
    return new Batch(undefined, undefined, undefined);
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  get isFull(): boolean {
    return this.#size >= MAX_EVENTS;
  }

  /**
   * The batch with one more event. `event` is one object per push: by its identity sessions find each other. With a key
   * its frames carry that.
   */
  with(event: SenteEvent, key?: string): Batch {
    if (this.#child === undefined || this.#child.#event !== event) this.#child = new Batch(this, event, key);
    return this.#child;
  }

  /** Forgets the last child, so that a root does not hold on to events that were sent. */
  release(): void {
    this.#child = undefined;
  }

  /** The frames, none larger than `maxBytes`; an event that alone is larger, or cannot be encoded, is refused. */
  framesFor(codec: Codec, form: Form, maxBytes: number): BatchFrames {
    const known = this.#framed.find((one) => one.codec === codec && one.form === form);
    if (known !== undefined) return known.result;
    const result: { frames: Frame[]; refused: { event: SenteEvent; error: SenteError }[] } = {
      frames: [],
      refused: [],
    };
    frameInto(result, this.#events(), codec, form, maxBytes);
    const key = this.#key;
    if (key !== undefined) result.frames = result.frames.map((frame) => ({ key, ...frame }));
    // Sessions that come later share the frames; what was refused is reported once.
    this.#framed.push({ codec, form, result: { frames: result.frames, refused: [] } });
    return result;
  }

  #events(): readonly SenteEvent[] {
    const events = new Array<SenteEvent>(this.#size);
    let node: Batch | undefined = this;
    while (node !== undefined && node.#event !== undefined) {
      events[node.#size - 1] = node.#event;
      node = node.#parent;
    }
    return events;
  }
}

function frameInto(
  result: { frames: Frame[]; refused: { event: SenteEvent; error: SenteError }[] },
  events: readonly SenteEvent[],
  codec: Codec,
  form: Form,
  maxBytes: number,
): void {
  const [first] = events;
  if (first === undefined) return;
  if (form === "bare" && events.length > 1) {
    for (const event of events) frameInto(result, [event], codec, form, maxBytes);
    return;
  }
  const outcome = encode(events, codec, form, maxBytes);
  if (!(outcome instanceof EncodeError)) {
    result.frames.push(outcome);
  } else if (events.length === 1) {
    result.refused.push({ event: first, error: outcome });
  } else {
    const half = events.length >> 1;
    frameInto(result, events.slice(0, half), codec, form, maxBytes);
    frameInto(result, events.slice(half), codec, form, maxBytes);
  }
}

function encode(events: readonly SenteEvent[], codec: Codec, form: Form, maxBytes: number): Frame | EncodeError {
  try {
    const frame = pushFrame(codec, form, events);
    return frame.bytes <= maxBytes ? frame : makeTooLarge(frame.bytes, maxBytes);
  } catch (error) {
    return error instanceof EncodeError
      ? error
      : new EncodeError("encode-failed", "the codec failed", { cause: error });
  }
}

/** The error for a frame over the limit. */
export function makeTooLarge(bytes: number, maxBytes: number): EncodeError {
  return new EncodeError("too-large", `a frame of ${bytes} bytes is over the limit of ${maxBytes} (maxPayloadBytes)`);
}
