import { type HandshakeRequest, type HandshakeUrl, isHandshakeError, type Rejection } from "@sente-lite/protocol";
import { closeCodes, LOGIN_EXPIRED, type LoginParams } from "@sente-lite/protocol/session";
import { rejectionOf } from "./hooks.ts";
import type { Logins } from "./login.ts";
import { type Closing, closingOf } from "./refusal.ts";
import { ownParameters } from "./request.ts";
import type { SessionDriver } from "./session-driver.ts";

const web = globalThis as unknown as {
  readonly URL: new (
    url: string,
  ) => HandshakeUrl & { search: string; readonly searchParams: Iterable<readonly [name: string, value: string]> };
  readonly URLSearchParams: new (pairs: Iterable<readonly [name: string, value: string]>) => object;
};

/** Whoever logs in anew is who they were: what is sent to one user never reaches another. */
const OTHER_UID: Rejection = { status: 403, code: "other-uid", message: "the new login is of another user" };

/** Judges clients that log in anew over their connection, by the functions that let them in (PROTOCOL.md section 1.9). */
export class LoginRefresh<Context> {
  readonly #logins: Logins<Context>;

  constructor(logins: Logins<Context>) {
    this.#logins = logins;
  }

  /** Never rejects: where the application's functions fail, that is reported, and the login goes on until it ends. */
  async take(driver: SessionDriver<Context>, params: LoginParams): Promise<void> {
    const { admitted } = driver;
    const request = withParams(admitted.request, params);
    const login = await this.#judge(driver, request);
    // Another connection was judged by itself.
    if (login === undefined || !driver.isLive || driver.admitted !== admitted) return;
    if ("rejection" in login) {
      // One that has ended itself takes nothing from that which there is.
      if (login.rejection.code !== LOGIN_EXPIRED) this.#refuse(driver, login.rejection);
    } else if (login.uid !== admitted.uid) {
      this.#refuse(driver, OTHER_UID);
    } else {
      driver.renew({ ...admitted, ...login, request });
    }
  }

  async #judge(driver: SessionDriver<Context>, request: HandshakeRequest) {
    const report = (error: unknown) => driver.report(error, { source: "refresh" });
    try {
      return await this.#logins.judge(request);
    } catch (thrown) {
      let error = thrown;
      if (isHandshakeError(thrown)) {
        try {
          return { rejection: rejectionOf(thrown, report) };
        } catch (unusable) {
          error = unusable;
        }
      }
      report(error);
      return undefined;
    }
  }

  /** Who may not stay at all loses the session, and who shall come again later keeps it. */
  #refuse(driver: SessionDriver<Context>, rejection: Rejection): void {
    const closing: Closing = closingOf(rejection, driver.session.features);
    const isForNow = closing.code === closeCodes.rateLimit || closing.code === closeCodes.draining;
    if (isForNow) driver.cut(closing);
    else driver.end(closing.code, closing.reason);
  }
}

/** The request as if it had been made with these parameters; others of its query stay as they were. */
export function withParams(request: HandshakeRequest, params: LoginParams): HandshakeRequest {
  const url = new web.URL(request.url.href);
  const own = params.filter(([name]) => !ownParameters.has(name));
  const names = new Set(own.map(([name]) => name));
  const kept = [...url.searchParams].filter(([name]) => !names.has(name));
  // All at once: each change of a URL's parameters writes the whole query anew.
  url.search = String(new web.URLSearchParams([...kept, ...own]));
  return { ...request, url };
}
