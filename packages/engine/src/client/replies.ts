import { UsageError } from "@sente-lite/protocol";
import type { Answer, AskedRequest, ClientSession } from "@sente-lite/protocol/session";
import { makeReplies, type Replies } from "../replies.ts";
import type { ClientDriver } from "./driver.ts";
import type { ClientErrors } from "./errors.ts";

export interface ClientRepliesOptions {
  readonly session: ClientSession;
  readonly driver: ClientDriver;
  readonly errors: ClientErrors;
}

/** The ways to answer a request of the server's (PROTOCOL.md section 6.11). */
export function repliesTo(
  { session, driver, errors }: ClientRepliesOptions,
  request: AskedRequest,
  id: string,
): Replies {
  const report = (error: unknown) => errors.report(error, { source: "reply", id });
  const answer = (given: Answer) => {
    if (session.answer(request, given)) return;
    report(new UsageError("queue-full", "a request is not ended: too many events wait to be sent"));
  };
  return makeReplies({
    isWanted: () => session.isWanted(request),
    reply: (value) => answer({ ok: true, value }),
    fail: (failure) => answer({ ok: false, failure }),
    report,
    finish: () => driver.run(),
  });
}
