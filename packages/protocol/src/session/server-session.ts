import type { Event } from "../api.ts";
import type { Codec } from "../codecs/codec.ts";
import { ProtocolError, type SenteError } from "../errors.ts";
import type { SharedLimits } from "../limits.ts";
import { closeCodes } from "../wire/close-codes.ts";
import {
  errorReplyFrame,
  type Form,
  type Frame,
  type Handshake,
  handshakeFrame,
  pingFrame,
  pongFrame,
  type ReplyFailure,
  replyFrame,
} from "../wire/frames.ts";
import { readClientFrame } from "../wire/read-client-frame.ts";
import { type Batch, tooLarge } from "./batch.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Log } from "./log.ts";
import { Outputs } from "./outputs.ts";

export interface ServerSessionOptions {
  readonly codec: Codec;
  readonly form: Form;
  /** True where the peer sent `sente-lite=1`. */
  readonly ownPeer: boolean;
  readonly handshake: Handshake;
  readonly limits: SharedLimits;
  /** The empty batch that all sessions of a server share. */
  readonly root: Batch;
}

export type ServerOutput =
  | { readonly type: "event"; readonly event: Event; readonly cbId: string | null }
  | { readonly type: "close"; readonly code: number; readonly reason: string }
  /** The peer's fault; or an event of ours that could not be sent. */
  | { readonly type: "report"; readonly error: SenteError; readonly event?: Event };

/**
 * The server's side of one connection (PROTOCOL.md sections 3, 4, 6, 7): pure, time is an argument in whole
 * milliseconds. The driver feeds it what the socket says, pulls `nextFrame` while the socket has room, and takes its
 * outputs.
 */
export class ServerSession {
  readonly #options: ServerSessionOptions;
  readonly #outputs = new Outputs<ServerOutput>();
  readonly #log: Log<Frame>;
  #status: "new" | "live" | "ended" = "new";
  #heartbeat: Heartbeat;
  #batch: Batch;
  // Control frames go before the log; at most one of each waits, so a peer that does not read cannot pile them up.
  #handshake: Frame | undefined;
  #pong: Frame | undefined;
  #pingWaits = false;

  constructor(options: ServerSessionOptions) {
    const { limits, root } = options;
    this.#options = options;
    this.#log = new Log(limits.maxQueuedFrames, limits.maxQueuedBytes);
    this.#heartbeat = new Heartbeat(limits.pingIntervalMs, limits.pingTimeoutMs, 0);
    this.#batch = root;
  }

  get status(): "new" | "live" | "ended" {
    return this.#status;
  }

  /** True while pushed events wait for their frame: the driver flushes them at the end of the turn. */
  get hasBatch(): boolean {
    return !this.#batch.isEmpty;
  }

  /** The connection stands; the handshake is its first frame. Throws `EncodeError` for bad handshake data. */
  open(now: number): void {
    const { codec, form, handshake, limits } = this.#options;
    this.#handshake = handshakeFrame(codec, form, handshake);
    this.#heartbeat = new Heartbeat(limits.pingIntervalMs, limits.pingTimeoutMs, now);
    this.#status = "live";
  }

  /** A frame came and was decoded; `bytes` is its size on the wire. */
  message(value: unknown, _bytes: number, now: number): void {
    if (this.#status !== "live") return;
    this.#heartbeat.heard(now);
    const frame = readClientFrame(value, this.#options.codec.stringIds);
    switch (frame.type) {
      case "event":
        this.#outputs.push(frame);
        break;
      case "ping":
        this.#answerPing(frame.cbId);
        this.#outputs.push({ type: "event", event: frame.event, cbId: null });
        break;
      case "pong":
        break;
      case "bad-event":
        this.#outputs.push({ type: "event", event: ["chsk/bad-event", frame.value], cbId: null });
        this.#report(new ProtocolError("bad-event", "the peer sent something that is no event"));
        break;
    }
  }

  /** A frame came that does not decode, or is of the wrong WebSocket type: 4400. */
  undecodable(error: SenteError, now: number): void {
    if (this.#status !== "live") return;
    this.#heartbeat.heard(now);
    const { badFrame } = closeCodes;
    this.#report(new ProtocolError("bad-frame", error.message, { closeCode: badFrame, cause: error }));
    this.close(badFrame, "bad frame");
  }

  /** Adds an event to the pending batch. `event` is one object for all sessions of one push. */
  push(event: Event): void {
    if (this.#status !== "live") return;
    this.#batch = this.#batch.with(event);
    if (this.#batch.isFull) this.flush();
  }

  /** Closes the pending batch: its frames wait to be transmitted. */
  flush(): void {
    if (this.#batch.isEmpty) return;
    const { codec, form, limits, root } = this.#options;
    const { frames, refused } = this.#batch.framesFor(codec, form, limits.maxPayloadBytes);
    this.#batch = root;
    for (const { event, error } of refused) this.#outputs.push({ type: "report", error, event });
    for (const frame of frames) this.#append(frame);
  }

  /** Answers a request, after what was pushed before. Throws `EncodeError`; then nothing was sent. */
  reply(cbId: string, value: unknown): void {
    const { codec, limits } = this.#options;
    if (this.#status !== "live") return;
    const frame = replyFrame(codec, cbId, value);
    if (frame.bytes > limits.maxPayloadBytes) throw tooLarge(frame.bytes, limits.maxPayloadBytes);
    this.flush();
    this.#append(frame);
  }

  /** Answers a request with an error; what its data cannot say is left out. */
  replyFailed(cbId: string, failure: ReplyFailure): void {
    const { codec, ownPeer } = this.#options;
    if (this.#status !== "live") return;
    const frame = errorReplyFrame(codec, cbId, failure, ownPeer);
    this.flush();
    this.#append(frame);
  }

  /** Ends the session from this side. What waits in it is not sent. */
  close(code: number, reason: string): void {
    if (this.#status === "ended") return;
    this.#end();
    this.#outputs.push({ type: "close", code, reason });
  }

  /** The connection is gone. */
  closed(_code: number, _reason: string, _now: number): void {
    this.#end();
  }

  /** Time passed. `buffered` is what waits in the socket, in bytes. */
  wake(now: number, buffered: number): void {
    if (this.#status !== "live") return;
    const beat = this.#heartbeat.wake(now, buffered);
    if (beat === "ping") this.#pingWaits = true;
    else if (beat === "dead") this.close(closeCodes.pingTimeout, "ping timeout");
  }

  /** The next frame to transmit: control frames first, then the log. */
  nextFrame(): Frame | undefined {
    if (this.#status !== "live") return undefined;
    return this.#nextControl() ?? this.#log.take();
  }

  pollOutput(): ServerOutput | undefined {
    return this.#outputs.poll();
  }

  /** When to call `wake`; may be early. */
  get deadline(): number | undefined {
    return this.#status === "live" ? this.#heartbeat.deadline : undefined;
  }

  #nextControl(): Frame | undefined {
    if (this.#handshake !== undefined) {
      const handshake = this.#handshake;
      this.#handshake = undefined;
      return handshake;
    }
    if (this.#pong !== undefined) {
      const pong = this.#pong;
      this.#pong = undefined;
      return pong;
    }
    if (!this.#pingWaits) return undefined;
    this.#pingWaits = false;
    return pingFrame(this.#options.codec, this.#options.form);
  }

  #answerPing(cbId: string | null): void {
    const { codec, form } = this.#options;
    if (cbId !== null) this.#pong = replyFrame(codec, cbId, "pong");
    else if (form === "bare") this.#pong = pongFrame(codec, form);
  }

  #append(frame: Frame): void {
    if (this.#status !== "live") return;
    if (this.#log.hasRoom(frame.bytes)) {
      this.#log.append(frame);
      return;
    }
    this.#report(
      new ProtocolError("too-slow", "the peer takes its frames too slowly", { closeCode: closeCodes.tooSlow }),
    );
    this.close(closeCodes.tooSlow, "too slow");
  }

  #report(error: SenteError): void {
    this.#outputs.push({ type: "report", error });
  }

  #end(): void {
    this.#status = "ended";
    this.#log.clear();
    this.#handshake = this.#pong = undefined;
    this.#pingWaits = false;
    this.#batch = this.#options.root;
  }
}
