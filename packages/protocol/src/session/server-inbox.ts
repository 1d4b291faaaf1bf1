import { ProtocolError, type SenteError } from "../errors.ts";
import { closeCodes } from "../wire/close-codes.ts";
import { requestIds } from "../wire/feature-events.ts";
import { type Frame, frameKinds, pongFrame, replyFrame } from "../wire/frames.ts";
import { readClientFrame } from "../wire/read-client-frame.ts";
import type { Backlog } from "./backlog.ts";
import type { Link } from "./link.ts";
import type { Login } from "./login.ts";
import type { ServerRequests } from "./server-requests.ts";
import type { ServerParts, ServerSessionOptions } from "./server-session-options.ts";
import { weighAlone } from "./shares.ts";

type Options = Pick<ServerSessionOptions, "codec" | "form" | "features" | "ownPeer">;

interface InboxParts extends ServerParts {
  readonly login: Pick<Login, "takeAnswer">;
}

/**
 * What a client sends (PROTOCOL.md sections 3, 4 and 6.2): counts each frame and acts on it. Events are handed out with
 * what they weigh, answers settle their requests, pings are answered.
 */
export class ServerInbox {
  readonly #options: Options;
  readonly #parts: InboxParts;
  readonly #backlog: Backlog;
  /** Errors that were made once, and are reported again where the peer does the same again. */
  #badEvent: ProtocolError | undefined;
  #badFrame: ProtocolError | undefined;
  readonly #requests: ServerRequests;
  /** True once nothing more is taken over; then, how many frames came that were not. */
  #takesNoMore = false;
  #notTaken = 0;

  constructor(options: Options, parts: InboxParts, backlog: Backlog, requests: ServerRequests) {
    this.#options = options;
    this.#parts = parts;
    this.#backlog = backlog;
    this.#requests = requests;
  }

  /**
   * A frame came over that link and was decoded; `bytes` is its size on the wire. False for an ack of frames that were
   * never sent: the session cannot go on.
   */
  receive(link: Link<Frame>, value: unknown, bytes: number, now: number): boolean {
    const { codec, features } = this.#options;
    const frame = readClientFrame(value, codec.stringIds, features);
    if (this.#isLeft && frameKinds[frame.type].isCounted) {
      this.#leave(link, now);
      return true;
    }
    link.receive(frame, bytes, now);
    switch (frame.type) {
      case "event": {
        const { event, cbId } = frame;
        if (event[0] === requestIds.reply) this.#requests.settleReply(event, bytes);
        else this.#parts.outputs.push({ type: "event", event, cbId, bytes: weighAlone(event, bytes) });
        return true;
      }
      case "volatile": {
        const { event, value: sent } = frame;
        if (event === undefined) this.#deliverBad(sent, bytes);
        else if (!this.#isLeft) {
          const share = weighAlone(event, bytes);
          this.#parts.outputs.push({ type: "event", event, cbId: null, bytes: share, isVolatile: true });
        }
        return true;
      }
      case "refresh":
        if (frame.params === undefined || !this.#parts.login.takeAnswer()) this.#deliverBad(frame.value, bytes);
        else this.#parts.outputs.push({ type: "refresh", params: frame.params });
        return true;
      case "ping":
        this.#answerPing(link, frame.cbId);
        this.#parts.outputs.push({ type: "event", event: ["chsk/ws-ping"], cbId: null, bytes: 0 });
        return true;
      case "pong":
        return true;
      case "ack":
        if (link.allows(frame)) return link.acknowledge(frame.count);
        this.#deliverBad(frame.value, bytes);
        return true;
      case "bad-event":
        this.#deliverBad(frame.value, bytes);
        return true;
    }
  }

  /**
   * A frame came that cannot be read: it is counted and reported. False where the connection has to end. It goes on where
   * the frame is left to the next server, and with a peer that is not ours, as Sente does: closed, it would come again at
   * once and send the same.
   */
  receiveUnreadable(link: Link<Frame>, error: SenteError, bytes: number, now: number): boolean {
    if (this.#isLeft) {
      this.#leave(link, now);
      return true;
    }
    link.receiveUnreadable(bytes, now);
    const { message } = error;
    if (this.#options.ownPeer !== false) {
      const { badFrame: closeCode } = closeCodes;
      this.#report(new ProtocolError("bad-frame", message, { closeCode, cause: error }));
      return false;
    }
    // It may send the same as fast as it can, and an error takes longer to make than a frame to read.
    if (this.#badFrame?.message !== message) {
      this.#badFrame = new ProtocolError("bad-frame", message, { cause: error });
    }
    this.#report(this.#badFrame);
    return true;
  }

  /**
   * Takes nothing over from now on, where the client keeps what it sends. While the server waits for answers, it takes all
   * over up to the last of them, since they come behind what was sent before.
   */
  takeNoMore(): void {
    this.#takesNoMore = this.#parts.hasSession;
  }

  /** True where something was not taken over: no answer will be, either. */
  get hasLeft(): boolean {
    return this.#notTaken > 0;
  }

  get #isLeft(): boolean {
    return this.#takesNoMore && (this.hasLeft || !this.#requests.areOpen);
  }

  /** Reports what was not taken over: the client has left, takes it for delivered, and sends it to no other server. */
  reportNotTaken(): void {
    if (this.#notTaken === 0) return;
    const message = `${this.#notTaken} events came while the server drained, and their client left: they are not handled`;
    this.#report(new ProtocolError("not-taken-over", message));
  }

  /** Leaves a frame uncounted: for the client it is as if it had never transmitted it. */
  #leave(link: Link<Frame>, now: number): void {
    link.noteHeard(now);
    this.#notTaken++;
  }

  #answerPing(link: Link<Frame>, cbId: string | null): void {
    const { codec, form } = this.#options;
    if (cbId === null) {
      if (form === "bare") link.owePong(pongFrame(codec, form));
      return;
    }
    const pong = replyFrame(codec, cbId, "pong");
    // Only the cb-ids of our pings mark a pong as one that is not counted (section 6.3).
    if (!this.#parts.hasSession || cbId.startsWith("p")) link.owePong(pong);
    else this.#backlog.append([pong]);
  }

  #deliverBad(value: unknown, frameBytes: number): void {
    const bytes = weighAlone(value, frameBytes);
    this.#parts.outputs.push({ type: "event", event: ["chsk/bad-event", value], cbId: null, bytes });
    // A peer may send it as fast as it can, and an error takes longer to make than a frame to read.
    this.#badEvent ??= new ProtocolError("bad-event", "the peer sent something that is no event");
    this.#report(this.#badEvent);
  }

  #report(error: SenteError): void {
    this.#parts.outputs.push({ type: "report", error });
  }
}
