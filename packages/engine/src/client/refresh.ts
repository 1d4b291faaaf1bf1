import type { ClientSession } from "@sente-lite/protocol/session";
import type { ClientDriver } from "./driver.ts";
import type { ClientErrors } from "./errors.ts";
import type { SocketOpener } from "./socket-opener.ts";

interface RefreshParts {
  readonly session: ClientSession;
  readonly opener: Pick<SocketOpener, "askParams">;
  readonly driver: Pick<ClientDriver, "run">;
  readonly errors: Pick<ClientErrors, "report">;
}

/**
 * Logs in anew, as the server asked over that connection (PROTOCOL.md section 1.9). Where the user's function fails, that is
 * reported, and the login ends in its time.
 */
export async function answerRefresh(
  { session, opener, driver, errors }: RefreshParts,
  connection: object,
): Promise<void> {
  try {
    session.answerRefresh(connection, await opener.askParams());
    driver.run();
  } catch (error) {
    errors.report(error, { source: "refresh" });
  }
}
