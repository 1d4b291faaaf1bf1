import { BackplaneError } from "@sente-lite/protocol/backplane";

/** With an error that says nothing but the kind of what went wrong: more of it may name credentials. */
export async function translateErrors<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    throw makeUnreachable(error);
  }
}

/** What went wrong, by its name alone. */
export function makeUnreachable(error: unknown): BackplaneError {
  if (error instanceof BackplaneError) return error;
  const name = error instanceof Error && error.name !== "Error" ? `: ${error.name}` : "";
  return new BackplaneError("unreachable", `NATS cannot be reached${name}`);
}
