import type { Peer, Worker } from "../delivery.ts";
import type { SessionDriver } from "./session-driver.ts";

/** Whose event it is: a connection, or a user who has none here. */
export type EventSource<Context> = Pick<SessionDriver<Context>, "uid" | "clientId" | "incoming"> &
  Peer & {
    readonly admitted: Pick<SessionDriver<Context>["admitted"], "context" | "request">;
    /** Absent where no connection waits for its handlers. */
    readonly work?: Worker & { readonly isIdle: boolean };
  };
