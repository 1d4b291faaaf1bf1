import type { Codec } from "../codecs/codec.ts";
import type { SenteEvent } from "../event.ts";
import type { Backpressure } from "../limits.ts";
import type { FeatureSet } from "../wire/features.ts";
import { errorReplyFrame, type Form, type Frame, type ReplyFailure, replyFrame } from "../wire/frames.ts";
import { type Batch, makeTooLarge } from "./batch.ts";
import { Ledger } from "./ledger.ts";
import { Log } from "./log.ts";
import type { Outputs, ServerOutput } from "./outputs.ts";
import { Pace } from "./pace.ts";
import type { ServerParts, ServerSessionOptions } from "./server-session-options.ts";

type Options = Pick<ServerSessionOptions, "codec" | "form" | "features" | "limits" | "root" | "backpressure">;

/**
 * What waits at a server for a client: pushes in the pending batch, then frames in the log. At the bound (PROTOCOL.md
 * section 6.7) the oldest frame that was transmitted is dropped first, since the client may have it; then, where the
 * application chose so, the oldest push; else the session ends. What was never transmitted is never given up in
 * silence.
 */
export class Backlog {
  readonly ledger: Ledger<Frame>;
  readonly pace: Pace<Frame>;
  // Copied from the options: a broadcast reads them of every session, and to read them there took twice as long.
  readonly #codec: Codec;
  readonly #form: Form;
  readonly #features: FeatureSet;
  readonly #maxPayloadBytes: number;
  readonly #root: Batch;
  readonly #backpressure: Backpressure | undefined;
  readonly #hasSession: boolean;
  readonly #outputs: Outputs<ServerOutput>;
  #batch: Batch;
  #isDropping = false;
  #isTooSlow = false;

  constructor(options: Options, { hasSession, outputs }: ServerParts) {
    const { codec, form, features, limits, root, backpressure } = options;
    const log = new Log<Frame>(limits.maxQueuedFrames, limits.maxQueuedBytes);
    this.ledger = new Ledger(log);
    this.pace = new Pace(log, limits.highWaterBytes, limits.pingTimeoutMs);
    this.#codec = codec;
    this.#form = form;
    this.#features = features;
    this.#maxPayloadBytes = limits.maxPayloadBytes;
    this.#root = root;
    this.#backpressure = backpressure;
    this.#hasSession = hasSession;
    this.#outputs = outputs;
    this.#batch = root;
  }

  /** True where nothing waits to be sent or acknowledged. */
  get isEmpty(): boolean {
    return this.ledger.log.size === 0 && this.#batch.isEmpty;
  }

  /** True where nothing waits to be transmitted, and of these `buffered` bytes not too much in the socket. */
  isClear(buffered: number): boolean {
    return this.#batch.isEmpty && this.pace.isClear(buffered);
  }

  /** True once more waits than the bounds allow: the client is too slow, and its session has to end. */
  get isTooSlow(): boolean {
    return this.#isTooSlow;
  }

  /** Adds an event to the pending batch; true where that closed the batch. */
  push(event: SenteEvent, key: string | undefined): boolean {
    if (key !== undefined && this.#backpressure === "latest-by-key") {
      // In a frame of its own, which can be replaced.
      this.flush();
      this.#batch = this.#root.with(event, key);
      this.flush();
      return false;
    }
    this.#batch = this.#batch.with(event);
    if (!this.#batch.isFull) return false;
    this.flush();
    return true;
  }

  /** Closes the pending batch: its frames wait to be transmitted. */
  flush(): void {
    if (this.#batch.isEmpty) return;
    const { frames, refused } = this.#batch.framesFor(this.#codec, this.#form, this.#maxPayloadBytes);
    this.#batch = this.#root;
    for (const { event, error } of refused) this.#outputs.push({ type: "report", error, event });
    this.append(frames);
  }

  /** The frame that answers a request. Throws `EncodeError`. */
  makeReply(cbId: string, value: unknown): Frame {
    const frame = replyFrame(this.#codec, cbId, value);
    if (frame.bytes > this.#maxPayloadBytes) throw makeTooLarge(frame.bytes, this.#maxPayloadBytes);
    return frame;
  }

  /** The same with an error. Throws `EncodeError` for data that cannot be sent. */
  makeFailedReply(cbId: string, failure: ReplyFailure): Frame {
    return errorReplyFrame(this.#codec, cbId, failure, this.#features);
  }

  /** Adds the answer to a request, after what was pushed before. */
  reply(frame: Frame): void {
    this.flush();
    this.append([frame]);
  }

  /** Adds frames. Frames for which there is no room are kept too, for the report of the end of the session. */
  append(frames: readonly Frame[]): void {
    for (const frame of frames) {
      if (!this.#isTooSlow && !this.#makeRoom(frame)) this.#isTooSlow = true;
      this.ledger.log.append(frame);
    }
  }

  /** The session is over: takes out the frames that are not known to have arrived, where there may be such. */
  end(): readonly Frame[] {
    if (this.#hasSession) this.flush();
    this.#batch = this.#root;
    const held = this.ledger.log.clear();
    return this.#hasSession ? held : [];
  }

  /** Drops what is over the bounds; where that does not suffice, the client is too slow. */
  keepBounds(): void {
    const { log } = this.ledger;
    this.pace.reset();
    while (log.isOver && (this.#dropTransmitted() || this.#dropPush()));
    if (log.isOver) this.#isTooSlow = true;
  }

  /** False where the bounds allow no such frame. */
  #makeRoom({ bytes, key }: Frame): boolean {
    const { log } = this.ledger;
    if (key !== undefined) log.removeWaiting((waiting) => waiting.key === key);
    if (log.waiting === 0) this.#isDropping = false;
    while (!this.pace.hasRoom(bytes)) {
      if (this.#dropTransmitted()) continue;
      // The frames of one turn are judged later, when the socket had a chance to take them.
      if (this.pace.isTaking) return true;
      if (!this.#dropPush()) return false;
    }
    return true;
  }

  #dropTransmitted(): boolean {
    return this.#hasSession && this.ledger.dropOldest();
  }

  #dropPush(): boolean {
    if (this.#backpressure !== "drop-oldest") return false;
    const frame = this.ledger.log.removeWaiting(({ isPush }) => isPush === true);
    if (frame === undefined) return false;
    this.#outputs.push({ type: "dropped", frame, isFirst: !this.#isDropping });
    this.#isDropping = true;
    return true;
  }
}
