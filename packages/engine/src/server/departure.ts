import { closeCodes, type ServerSession } from "@sente-lite/protocol/session";
import type { Incoming } from "../incoming.ts";
import type { ClientWork } from "./client-work.ts";
import type { Closable } from "./closing.ts";
import type { ConnectionGround } from "./connection-ground.ts";
import type { Drainable } from "./drain.ts";
import type { SessionSocket, SocketOwner } from "./session-socket.ts";

/** Who departs: the driver of a session. */
export interface Departing extends SocketOwner {
  readonly session: ServerSession;
  readonly isLive: boolean;
  /** What came from the client and waits for its handlers. */
  readonly incoming: Incoming;
  /** What the application does for the client. */
  readonly work: ClientWork;
  /** Closes from this side, after what waits. */
  close(code: number, reason: string): void;
}

/**
 * How one session leaves its server, as that ends or as its client comes to another one: what is still waited for, what
 * is sent last, and whether another server goes on with it (PROTOCOL.md sections 6.9 and 6.13).
 */
export class Departure<D extends Departing> implements Drainable, Closable {
  readonly #ground: ConnectionGround<D>;
  readonly #driver: D;
  readonly #socket: SessionSocket<D>;
  /** Who waits until it is busy no longer. */
  readonly #idle: (() => void)[] = [];

  constructor(ground: ConnectionGround<D>, driver: D, socket: SessionSocket<D>) {
    this.#ground = ground;
    this.#driver = driver;
    this.#socket = socket;
  }

  /** It may be busy no longer. */
  noteIdle(): void {
    this.#ground.shutdown.noteIdle(this);
    if (this.#idle.length > 0 && !this.isBusy) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Resolves when nothing of its client waits for handlers, or is handled; after that time at the latest. */
  async waitUntilIdle(patienceMs: number): Promise<void> {
    if (!this.isBusy) return;
    const { host } = this.#ground;
    await new Promise<void>((resolve) => {
      const timer = host.setTimer(patienceMs, resolve);
      this.#idle.push(() => {
        host.clearTimer(timer);
        resolve();
      });
    });
  }

  /** Its client came to another server: lets go of the connection here, and waits for what came over it to be handled. */
  async prepareToMove(patienceMs: number): Promise<void> {
    const driver = this.#driver;
    driver.session.cut(closeCodes.takenOver, "taken over at another server", this.#ground.now());
    driver.run();
    await this.waitUntilIdle(patienceMs);
  }

  /** The session goes to another server, to which its client came; resolves when that can take it. Undefined where it is over. */
  move(): Promise<void> | undefined {
    const { handover, following } = this.#ground;
    following?.prepare(this.#driver);
    const put = handover?.release(this.#driver);
    this.#driver.run();
    return put;
  }

  /** True while it may still be told that what was sent arrived. */
  get awaitsAck(): boolean {
    return this.#driver.session.awaitsAck;
  }

  /** True while events of its client wait for handlers or one works, or the client has not told what arrived. */
  get isBusy(): boolean {
    return !this.#driver.work.isIdle || !this.#driver.incoming.isIdle || this.awaitsAck;
  }

  /** Asks the client to tell what arrived (PROTOCOL.md section 6.9). */
  askForAcks(): void {
    const { session } = this.#driver;
    session.flush();
    session.askForAcks();
    this.#driver.run();
  }

  /** From now on it takes no events, where its client keeps them for the next server. */
  takeNoMore(): void {
    this.#driver.session.takeNoMore();
  }

  /**
   * Closes because the server goes: after what waits, and saying exactly what was taken over. Where another server can go on
   * with the session, once it has it; resolves then.
   */
  drain(reason: string): Promise<void> | undefined {
    const { draining } = closeCodes;
    const leaving = this.#leave(draining, reason);
    if (leaving !== undefined) return leaving;
    this.#sendLast();
    this.#driver.session.close(draining, reason, "the server drained");
    this.#driver.run();
    return undefined;
  }

  /** Closes because the server ends at once. Where another server can go on with the session, as `drain`. */
  closeWithServer(code: number, reason: string): Promise<void> | undefined {
    const leaving = this.#leave(code, reason);
    if (leaving === undefined) this.#driver.close(code, reason);
    return leaving;
  }

  /** The session goes to another server, where there is one that could take it; resolves when the socket may be closed, and is. */
  #leave(code: number, reason: string): Promise<void> | undefined {
    const { handover, following, roster } = this.#ground;
    const driver = this.#driver;
    if (handover === undefined || driver.session.id === undefined) return undefined;
    following?.closeAll(driver);
    this.#sendLast();
    const { isLive } = driver;
    const put = handover.release(driver);
    // What its release ended, as requests to the client.
    driver.run();
    if (put === undefined) return undefined;
    if (isLive) roster.noteSocketLost(driver);
    return put.then(() => void this.#socket.shut(code, reason));
  }

  #sendLast(): void {
    const { session } = this.#driver;
    session.flush();
    session.takeLeave();
    this.#socket.pump.pump(Number.POSITIVE_INFINITY);
  }
}
