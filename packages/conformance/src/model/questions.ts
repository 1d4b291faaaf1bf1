import { type ChannelSocketServer, isReplyError, type ReplyFn, type ToClientId } from "@sente-lite/protocol";

interface Question {
  readonly n: number;
  /** Its server's process is gone, with who waited. */
  readonly isOrphan: () => boolean;
  arrived: number;
  ended: number;
}

const PROMISE_TURNS = 12;

/** How a question may end without an answer. */
const CODES: ReadonlySet<string> = new Set(["timeout", "closed", "not-connected", "unsupported"]);

/**
 * What the server asks its clients (PROTOCOL.md section 6.11): each question arrives once at most, and ends once, with its
 * own answer or with a code.
 */
export class Questions {
  readonly #all: Question[] = [];
  readonly #fail: (message: string) => void;
  /** Answers that are given when the next question comes. */
  readonly #late: (() => void)[] = [];

  constructor(fail: (message: string) => void) {
    this.#fail = fail;
  }

  ask(server: ChannelSocketServer, to: ToClientId, timeoutMs: number, isOrphan: () => boolean): void {
    const question: Question = { n: this.#all.length, isOrphan, arrived: 0, ended: 0 };
    const { n } = question;
    this.#all.push(question);
    const end = (what: string, isRight: boolean) => {
      if (++question.ended > 1) this.#fail(`question ${n} ended twice`);
      if (!isRight) this.#fail(`question ${n} ended with ${what}`);
      if (what === "an answer" && question.arrived === 0) this.#fail(`question ${n} was answered and had not come`);
    };
    server.requestFn(to, ["s/ask", { n }], { timeoutMs }).then(
      (answer: unknown) => end("an answer", answer === answerTo(n)),
      (error: unknown) => end(String(error), isReplyError(error) && CODES.has(error.code)),
    );
  }

  /** A client got a question: every third one is answered with the next. */
  take(n: number, replyFn: ReplyFn | undefined): void {
    const question = this.#all[n];
    if (question === undefined || replyFn === undefined) {
      this.#fail(`a question came that nobody asked: ${n}`);
      return;
    }
    if (++question.arrived > 1) this.#fail(`question ${n} came twice`);
    for (const answer of this.#late.splice(0)) answer();
    const answer = () => {
      if (replyFn(answerTo(n)) && replyFn("another")) this.#fail(`question ${n} was answered twice`);
    };
    if (n % 3 === 2) this.#late.push(answer);
    else answer();
  }

  /** All is over but for what nobody waits for any more. */
  async check(): Promise<void> {
    // The promises of those that have ended wait for nothing but each other.
    for (let turn = 0; turn < PROMISE_TURNS; turn++) await undefined;
    for (const { n, ended, isOrphan } of this.#all) {
      if (ended !== 1 && !isOrphan()) this.#fail(`question ${n} ended ${ended} times`);
    }
  }
}

function answerTo(n: number): string {
  return `to question ${n}`;
}
