import { ProtocolError, type TraceEntry } from "@sente-lite/protocol";
import { describe, expect, it } from "vitest";
import { startRouter } from "./router.ts";
import { setting } from "./testing/setting.test-support.ts";

/** One for each place from which a token may come, and for what is said. */
const secrets = {
  csrf: "csrf-5ecret",
  query: "query-5ecret",
  header: "header-5ecret",
  cookie: "cookie-5ecret",
  subprotocol: "subprotocol-5ecret",
  login: "login-5ecret",
  sent: "sent-5ecret",
  reply: "reply-5ecret",
  pushed: "pushed-5ecret",
};

/** A client with all of them, whose connection breaks and is refused on the way; what was written of it, by whom. */
async function written(payloads: boolean) {
  let isRefused = false;
  const room = setting({
    allowedOrigins: "*",
    csrfTokenFn: () => secrets.csrf,
    authorizedFn: () => !isRefused && { login: secrets.login },
    rooms: { lobby: {} },
  });
  const { server, tab, idle, clock, cut, lines } = room;
  const reports: unknown[] = [];
  // What an error of ours shows where it is written, and the context beside it. A `SessionLostError` has the id of the session
  // for whoever handles it: one that is over, and of use to nobody.
  const keep = (key: string, value: unknown) => (key === "sessionId" ? undefined : value);
  const note = ({ error, context }: { readonly error: Error; readonly context: object }) =>
    void reports.push([String(error), error.stack, JSON.stringify(error, keep), context]);
  server.errorChan.on(note);
  startRouter(server, {
    "a/ask": () => secrets.reply,
    "a/fails": () => {
      throw new ProtocolError("failed", "the handler failed");
    },
  });
  // With headers, as clients of some runtimes have them.
  const options = {
    params: { token: secrets.query },
    csrfToken: secrets.csrf,
    headers: {
      authorization: `Bearer ${secrets.header}`,
      cookie: `token=${secrets.cookie}`,
      origin: "https://app.example",
    },
    protocols: ["sente-lite", `token.${secrets.subprotocol}`],
  };
  const { client } = tab("ann", options);
  client.errorChan.on(note);
  const entries: TraceEntry[] = [];
  client.trace((entry) => void entries.push(entry), { payloads });
  await idle();
  const ids = [client.state.get().sessionId ?? "no session"];
  const speak = async () => {
    await client.requestFn(["a/ask", secrets.sent]);
    await client.requestFn(["a/fails", secrets.sent]).catch(() => {});
    client.sendFn(["a/nobody-listens", secrets.sent]);
    server.sendFn("ann", ["s/n", secrets.pushed]);
    server.broadcastFn(["s/all", secrets.pushed]);
    await idle();
  };
  await speak();
  cut();
  await clock.advance(10_000);
  await speak();
  isRefused = true;
  cut();
  await clock.advance(120_000);
  isRefused = false;
  client.chsk.reconnect();
  await clock.advance(10_000);
  ids.push(client.state.get().sessionId ?? "no session");
  const all = { trace: entries, reports, lines, metrics: server.metrics() };
  return { all, texts: Object.entries(all).map(([what, value]) => [what, JSON.stringify(value)] as const), ids };
}

describe("of a client with tokens, session ids and something to say", () => {
  it("trace, reports, log and metrics tell nothing of these", async () => {
    const { texts, ids, all } = await written(false);
    // They did tell something.
    expect(all.trace.length).toBeGreaterThan(20);
    expect(all.reports.length).toBeGreaterThan(0);
    for (const [what, text] of texts) {
      for (const secret of [...Object.values(secrets), "5ecret", ...ids]) {
        expect(text.includes(secret), `${what} has ${secret}`).toBe(false);
      }
    }
  });

  it("the trace has what is said where it is asked for, and still no token of a request", async () => {
    const { texts } = await written(true);
    const [, trace = ""] = texts.find(([what]) => what === "trace") ?? [];
    for (const said of ["sent", "reply", "pushed"] as const) expect(trace).toContain(secrets[said]);
    for (const kept of ["query", "header", "cookie", "subprotocol", "login"] as const) {
      expect(trace).not.toContain(secrets[kept]);
    }
  });
});
