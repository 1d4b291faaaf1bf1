import { BackplaneError } from "@sente-lite/protocol/backplane";

/** With an error that says nothing but the kind of what went wrong: more of it may name credentials. */
export async function translateErrors<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    throw makeUnreachable(error);
  }
}

/** What NATS itself answers is no matter of the way there. By their names: another transport may have classes of its own. */
const refusals = new Set(["AuthorizationError", "UserAuthenticationExpiredError", "PermissionViolationError"]);

/** What went wrong, by its name alone. */
export function makeUnreachable(error: unknown): BackplaneError {
  if (error instanceof BackplaneError) return error;
  const { code } = (typeof error === "object" && error !== null ? error : {}) as { readonly code?: unknown };
  const named = error instanceof Error && error.name !== "Error" ? error.name : undefined;
  const name = named ?? (typeof code === "string" && /^[A-Z][A-Z\d_]+$/.test(code) ? code : undefined);
  const what = name !== undefined && refusals.has(name) ? "NATS refused" : "NATS cannot be reached";
  return new BackplaneError("unreachable", `${what}${name === undefined ? "" : `: ${name}`}`);
}
