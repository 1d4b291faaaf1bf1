import type { NodeId } from "./backplane.ts";
import { BackplaneError, type BackplaneErrorCode } from "./backplane-error.ts";
import type { BackplaneClock } from "./clock.ts";

interface Question {
  readonly node: NodeId;
  readonly resolve: (answer: Uint8Array) => void;
  readonly reject: (error: BackplaneError) => void;
  readonly takeBack: () => void;
}

const reasons = {
  "no-answer": "the node did not answer",
  "answer-failed": "the node failed to answer",
  left: "this membership is over",
} as const;

/** Those that this node has asked, and that nobody answered yet. */
export class Questions {
  readonly #clock: BackplaneClock;
  readonly #open = new Map<number, Question>();
  #id = 0;

  constructor(clock: BackplaneClock) {
    this.#clock = clock;
  }

  ask(node: NodeId, timeoutMs: number, say: (id: number) => void): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const id = ++this.#id;
      const takeBack = this.#clock.after(timeoutMs, () => this.fail(id, node, "no-answer"));
      this.#open.set(id, { node, resolve, reject, takeBack });
      say(id);
    });
  }

  answer(id: number, node: NodeId, bytes: Uint8Array): void {
    this.#close(id, node)?.resolve(bytes);
  }

  fail(id: number, node: NodeId, code: keyof typeof reasons): void {
    this.#close(id, node)?.reject(failure(code));
  }

  /** That node will answer none, or with no name: nobody will. */
  failAll(code: keyof typeof reasons, node?: NodeId): void {
    for (const [id, question] of this.#open) {
      if (node === undefined || question.node === node) this.fail(id, question.node, code);
    }
  }

  /** Another node than the one that was asked answers nothing. */
  #close(id: number, node: NodeId): Question | undefined {
    const question = this.#open.get(id);
    if (question?.node !== node) return undefined;
    this.#open.delete(id);
    question.takeBack();
    return question;
  }
}

/** The error that says so. */
export function failure(code: keyof typeof reasons & BackplaneErrorCode): BackplaneError {
  return new BackplaneError(code, reasons[code]);
}
