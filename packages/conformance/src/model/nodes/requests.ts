import type { House } from "../house.ts";
import type { Sent, Tab } from "../tab.ts";

interface Asked {
  /** Where its handler works. */
  readonly house: House;
  atMs: number | undefined;
  /** How many pushes had been made then. */
  pushes: number;
  /** The handler was told that its answer is wanted. */
  isWanted: boolean;
}

/**
 * What clients ask of servers, wherever their sessions go meanwhile (PROTOCOL.md section 6.13): an answer that a server takes
 * from a handler is what the client gets, and one that comes while the server waits for handlers is taken; that there is none
 * is told where the handler's server has ended, or the session was lost.
 */
export class Requests {
  readonly #asked = new Map<Sent, Asked>();
  /** Until when houses that end wait for handlers. */
  readonly #ends = new Map<House, number>();
  readonly #lost = new Set<string>();

  noteAsked(house: House, sent: Sent): void {
    this.#asked.set(sent, { house, atMs: undefined, pushes: 0, isWanted: false });
  }

  /** A handler answered, when so many pushes had been made. */
  noteAnswered(sent: Sent, isWanted: boolean, pushes: number): void {
    const asked = this.#asked.get(sent);
    if (asked === undefined) return;
    asked.atMs = asked.house.actor.host.monotonic();
    asked.isWanted = isWanted;
    asked.pushes = pushes;
  }

  /** Where the handler of a request works, and how many pushes had been made when it answered. */
  answerTo(sent: Sent): Pick<Asked, "house" | "pushes"> | undefined {
    return this.#asked.get(sent);
  }

  /** A request in that session that a house answered before it made that push, and whose client waits. */
  findOvertaken({ sent: all }: Tab, sessionId: string | null, house: House, push: number): Sent | undefined {
    return all.find((sent) => {
      const asked = sent.settled === 0 && sent.sentIn === sessionId ? this.#asked.get(sent) : undefined;
      return asked?.house === house && asked.isWanted && asked.pushes <= push;
    });
  }

  /** A house begins to end, and waits so long for handlers. */
  noteEnd(house: House, untilMs: number): void {
    this.#ends.set(house, untilMs);
  }

  /** A client has lost that session, and knows it. */
  noteLost(sessionId: string): void {
    this.#lost.add(sessionId);
  }

  /** All has ended that could. `killed` are the houses whose answers may have gone with them. */
  check(tabs: readonly Tab[], killed: ReadonlySet<House>, fail: (message: string) => void): void {
    for (const { index, sent: all } of tabs) {
      for (const sent of all) {
        const why = this.#findWrong(sent, killed);
        if (why !== undefined) fail(`request ${sent.k} of client ${index} was closed, ${why}`);
      }
    }
  }

  #findWrong(sent: Sent, killed: ReadonlySet<House>): string | undefined {
    const { closedAtMs, sentIn } = sent;
    if (closedAtMs === undefined || (sentIn !== undefined && this.#lost.has(sentIn))) return undefined;
    const asked = this.#asked.get(sent);
    if (asked === undefined) return "and was asked nowhere";
    const { house, atMs, isWanted } = asked;
    if (killed.has(house)) return undefined;
    if (isWanted) return "although its answer was taken";
    const untilMs = this.#ends.get(house) ?? Number.POSITIVE_INFINITY;
    if (atMs !== undefined && atMs < untilMs) return "although it was answered in time";
    return closedAtMs < untilMs ? "although its handler had time" : undefined;
  }
}
