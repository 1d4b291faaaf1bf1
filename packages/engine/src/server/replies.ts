import { ReplyError, type ReplyFn } from "@sente-lite/protocol";
import type { ReplyFailure } from "@sente-lite/protocol/session";
import { failureOf } from "../router.ts";
import type { Connection } from "./connection.ts";

/** How an event is answered. */
export interface Replies {
  readonly replyFn: ReplyFn | undefined;
  readonly replyFailed: (failure: ReplyFailure) => boolean;
}

/** The two ways to answer a request, of which the first call counts. */
export function repliesFor<Context>(connection: Connection<Context>, cbId: string, id: string): Replies {
  let isAnswered = false;
  const answered = connection.begun();
  const once = (answer: () => void): boolean => {
    if (isAnswered || connection.session.status === "ended") return false;
    isAnswered = true;
    try {
      answer();
    } finally {
      connection.run();
      answered();
    }
    return true;
  };
  const replyFailed = (failure: ReplyFailure) =>
    once(() => {
      try {
        connection.session.replyFailed(cbId, failure);
      } catch (error) {
        connection.report(error, { source: "reply", id });
        connection.session.replyFailed(cbId, { ...failure, data: null });
      }
    });
  const replyFn: ReplyFn = (value) => {
    if (value instanceof ReplyError) return replyFailed(failureOf(value));
    return once(() => {
      try {
        connection.session.reply(cbId, value);
      } catch (error) {
        // The caller of `replyFn` learns of it, and the peer that waits gets an answer all the same.
        connection.session.replyFailed(cbId, failureOf(error));
        throw error;
      }
    });
  };
  return { replyFn, replyFailed };
}
