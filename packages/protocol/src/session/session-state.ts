import type { Frame } from "../wire/frames.ts";
import type { LedgerState } from "./ledger.ts";
import type { ServerRequestsState } from "./server-requests.ts";

/** What of a session goes from one process to another. Nothing in it is of the clock of either. */
export interface SessionState {
  /** Its client has said something: it knows the session. */
  readonly isConfirmed: boolean;
  /** How long it waits for its client yet. */
  readonly windowLeftMs: number;
  readonly requests: ServerRequestsState;
  readonly ledger: LedgerState<Frame>;
}
