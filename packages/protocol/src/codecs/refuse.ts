import { EncodeError } from "../errors.ts";
import { checkEncodable, type checkForJson } from "../values/check.ts";
import { haveCollisions } from "../values/collisions.ts";
import type { Identities } from "../values/identity.ts";
import { print } from "../values/print.ts";
import type { Handler } from "./codec.ts";

/** Ends a writer's walk through a value. Writers keep no path: `writeOrExplain` finds it, by the one walk that all codecs share. */
export function refuse(): never {
  throw new EncodeError("not-encodable", "this cannot be sent");
}

/** Runs a writer; where it throws, `check` says what is wrong with the value, and where. Throws only `EncodeError`. */
export function writeOrExplain<Written>(
  write: () => Written,
  value: unknown,
  maxDepth: number,
  handlers: readonly Handler[],
  check: typeof checkForJson = checkEncodable,
): Written {
  try {
    return write();
  } catch (cause) {
    check(value, maxDepth, handlers);
    if (cause instanceof EncodeError) throw cause;
    // The text is too long for the engine, or a getter throws only now and then.
    throw new EncodeError("not-encodable", `this cannot be sent: ${print(cause)}`, { cause });
  }
}

/** Ends a writer's walk where a Map or a Set has keys or members that no peer would take. */
export function refuseKeys(keys: ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>, identities: Identities): void {
  if (identities.areEqualIn(keys) || haveCollisions(keys)) refuse();
}

/** The handler for an instance of a class; without one the value is refused. */
export function handlerOf(value: object, handlers: readonly Handler[]): Handler {
  return handlers.find((handler) => handler.is(value)) ?? refuse();
}
