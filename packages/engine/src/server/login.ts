import { type HandshakeRequest, isHandshakeError, type Rejection, type ServerOptions } from "@sente-lite/protocol";
import { LOGIN_EXPIRED } from "@sente-lite/protocol/session";
import type { Host } from "../host.ts";
import { inTime } from "./hook-timeout.ts";
import { checkExpiresAt, checkUid } from "./hooks.ts";

const UNAUTHORIZED: Rejection = { status: 401, body: "Unauthorized" };
const EXPIRED: Rejection = { ...UNAUTHORIZED, code: LOGIN_EXPIRED, message: "the login has ended" };

/** What the application says of who connects. */
export interface Login<Context> {
  readonly context: Context;
  readonly uid: string | null;
  /** Until when that holds, in milliseconds since 1970; undefined: as long as the connection. */
  readonly expiresAt: number | undefined;
}

export interface LoginsOptions<Context> {
  readonly host: Pick<Host, "now" | "setTimer" | "clearTimer">;
  readonly options: Pick<ServerOptions<Context>, "authorizedFn" | "userIdFn">;
  readonly hookTimeoutMs: number;
}

/** Asks the application who somebody is, and whether they may be here: as they come, and before their login ends. */
export class Logins<Context> {
  readonly #options: LoginsOptions<Context>;

  constructor(options: LoginsOptions<Context>) {
    this.#options = options;
  }

  /**
   * Rejects with a `HandshakeError` where the application refuses by one, and with what its functions throw, `UsageError`
   * for what they give and is of no use, and `HookTimeout`.
   */
  async judge(request: HandshakeRequest): Promise<Login<Context> | { readonly rejection: Rejection }> {
    const { host, options, hookTimeoutMs: timeoutMs } = this.#options;
    const { authorizedFn, userIdFn } = options;
    const authorized = await inTime(host, { name: "authorizedFn", timeoutMs }, authorizedFn?.(request));
    if (isHandshakeError(authorized)) throw authorized;
    if (authorizedFn !== undefined && !authorized) return { rejection: UNAUTHORIZED };
    const expiresAt = checkExpiresAt(authorized);
    if (expiresAt !== undefined && expiresAt <= host.now()) return { rejection: EXPIRED };
    // Without `authorizedFn` there is no context, and its type is unknown.
    const context = authorized as Context;
    const uid =
      userIdFn === undefined
        ? request.clientId
        : checkUid(await inTime(host, { name: "userIdFn", timeoutMs }, userIdFn(request, context)));
    return { context, uid, expiresAt };
  }
}
