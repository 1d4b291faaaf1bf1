import type { ClientState, LastClose } from "@sente-lite/protocol";
import type { ClientSession } from "@sente-lite/protocol/session";

/** What the driver knows beside the session. */
export interface Observed {
  everOpened: boolean;
  opens: number;
  lastWsError: Error | null;
  lastWsClose: LastClose | null;
  lastClose: ClientState["lastClose"];
  lastError: Error | null;
}

export const nothingObserved: Observed = {
  everOpened: false,
  opens: 0,
  lastWsError: null,
  lastWsClose: null,
  lastClose: null,
  lastError: null,
};

/** The public state; `toWallClock` turns machine time into milliseconds since 1970. */
export function stateOf(session: ClientSession, observed: Observed, toWallClock: (at: number) => number): ClientState {
  const { status, handshake, retryAt, failures, queued } = session;
  const open = status === "open";
  return Object.freeze({
    type: "ws",
    status,
    open,
    everOpened: observed.everOpened,
    firstOpen: open && observed.opens === 1,
    uid: handshake?.uid ?? null,
    handshakeData: handshake?.data ?? null,
    csrfToken: handshake?.csrfToken ?? null,
    lastWsError: observed.lastWsError,
    lastWsClose: observed.lastWsClose,
    lastClose: observed.lastClose,
    udtNextReconnect: retryAt === undefined ? null : toWallClock(retryAt),
    sessionId: session.sessionId ?? null,
    resumed: session.resumed,
    sessionLost: session.sessionLost,
    reconnectCount: failures,
    queued,
    lastError: observed.lastError,
  });
}
