import { UsageError } from "@sente-lite/protocol";
import type { Answer, AskedRequest, ClientSession, ReplyFailure } from "@sente-lite/protocol/session";
import { OneReply, type Replies } from "../replies.ts";
import type { ClientDriver } from "./driver.ts";
import type { ClientErrors } from "./errors.ts";

export interface ClientRepliesOptions {
  readonly session: ClientSession;
  readonly driver: ClientDriver;
  readonly errors: ClientErrors;
}

/** The ways to answer a request of the server's (PROTOCOL.md section 6.11). */
export function repliesTo(options: ClientRepliesOptions, request: AskedRequest, id: string): Replies {
  return new ServerRequest(options, request, id);
}

class ServerRequest extends OneReply {
  readonly #options: ClientRepliesOptions;
  readonly #request: AskedRequest;
  readonly #id: string;

  constructor(options: ClientRepliesOptions, request: AskedRequest, id: string) {
    super();
    this.#options = options;
    this.#request = request;
    this.#id = id;
  }

  protected isWanted(): boolean {
    return this.#options.session.isWanted(this.#request);
  }

  protected reply(value: unknown): void {
    this.#give({ ok: true, value });
  }

  protected fail(failure: ReplyFailure): void {
    this.#give({ ok: false, failure });
  }

  protected report(error: unknown): void {
    this.#options.errors.report(error, { source: "reply", id: this.#id });
  }

  protected finish(): void {
    this.#options.driver.run();
  }

  #give(answer: Answer): void {
    if (this.#options.session.answer(this.#request, answer)) return;
    this.report(new UsageError("queue-full", "a request is not ended: too many events wait to be sent"));
  }
}
