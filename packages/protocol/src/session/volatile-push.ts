import type { Codec } from "../codecs/codec.ts";
import { EncodeError } from "../errors.ts";
import type { SenteEvent } from "../event.ts";
import { type Form, type Frame, pushFrame, volatileFrame } from "../wire/frames.ts";
import { makeTooLarge } from "./batch.ts";

/** Who gets a volatile push, and how it speaks. */
export interface VolatileReader {
  readonly codec: Codec;
  readonly form: Form;
  /** False where it knows no volatile frames: it gets a push as any other. */
  readonly knowsVolatile: boolean;
}

interface Made extends VolatileReader {
  readonly frame: Frame | undefined;
}

/** An event that is worth nothing later (PROTOCOL.md section 6.12): each frame is made once, for all who get it alike. */
export class VolatilePush {
  readonly #event: SenteEvent;
  readonly #maxBytes: number;
  readonly #made: Made[] = [];

  constructor(event: SenteEvent, maxBytes: number) {
    this.#event = event;
    this.#maxBytes = maxBytes;
  }

  /**
   * Its frame for that client. Where the codec cannot say it, or it is too large: throws `EncodeError` the first time, and is
   * undefined later.
   */
  frameFor({ codec, form, knowsVolatile }: VolatileReader): Frame | undefined {
    const known = this.#made.find(
      (made) => made.codec === codec && made.form === form && made.knowsVolatile === knowsVolatile,
    );
    if (known !== undefined) return known.frame;
    const noteMade = (frame: Frame | undefined) => this.#made.push({ codec, form, knowsVolatile, frame });
    let frame: Frame;
    try {
      frame = knowsVolatile ? volatileFrame(codec, this.#event) : pushFrame(codec, form, [this.#event]);
    } catch (cause) {
      noteMade(undefined);
      throw cause instanceof EncodeError ? cause : new EncodeError("encode-failed", "the codec failed", { cause });
    }
    const { bytes } = frame;
    noteMade(bytes > this.#maxBytes ? undefined : frame);
    if (bytes > this.#maxBytes) throw makeTooLarge(bytes, this.#maxBytes);
    return frame;
  }
}
