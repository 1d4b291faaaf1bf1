import { ReplyError, type ReplyFn } from "@sente-lite/protocol";
import type { About, ProcessContext } from "../system/process.ts";

/** What a router hands over, with the way to answer where an answer is wanted. */
interface Answerable {
  readonly replyFn?: ReplyFn<unknown> | undefined;
}

/** Emits a message. Where it is a request, and nothing in the system answered it, it is refused as `unhandled`. */
export function emitMessage(
  emit: ProcessContext<unknown>["emit"],
  port: string,
  message: Answerable,
  about: Omit<About, "replyFn">,
): Promise<void> | undefined {
  const { replyFn } = message;
  let isAnswered = replyFn === undefined;
  const answer = (value: unknown) => {
    isAnswered = true;
    return replyFn?.(value) ?? false;
  };
  const finish = () => {
    if (!isAnswered) answer(new ReplyError("unhandled"));
  };
  const handled = emit(port, message, { ...about, replyFn: answer });
  if (handled !== undefined) return handled.then(finish);
  finish();
  return undefined;
}
