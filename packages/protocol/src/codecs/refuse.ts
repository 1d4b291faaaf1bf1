import { EncodeError } from "../errors.ts";
import { checkEncodable } from "../values/check.ts";
import type { Handler } from "./codec.ts";

/** Ends a writer's walk. Writers keep no path: `explained` finds it, by the one walk that all codecs share. */
export function refuse(): never {
  throw new EncodeError("not-encodable", "this cannot be sent");
}

/** Runs a writer; where it throws, `checkEncodable` says what is wrong with the value, and where. */
export function explained(write: () => string, value: unknown, maxDepth: number, handlers: readonly Handler[]): string {
  try {
    return write();
  } catch (error) {
    checkEncodable(value, maxDepth, handlers);
    throw error;
  }
}

/** The handler for an instance of a class; without one the value is refused. */
export function handlerOf(value: object, handlers: readonly Handler[]): Handler {
  return handlers.find((handler) => handler.is(value)) ?? refuse();
}
