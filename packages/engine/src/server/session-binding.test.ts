import type { ServerOptions, SessionBinding } from "@sente-lite/protocol";
import { describe, expect, it } from "vitest";
import { nodes } from "../testing/nodes.test-support.ts";
import { checkServerOptions } from "./options.ts";
import { bindingOf } from "./session-binding.ts";

const home = { origin: "https://app.example", "x-forwarded-for": "192.0.2.1" };

/** Where a client comes again: to the server that has its session, to another one, or to another one once the first has ended. */
type Way = "the same server" | "another server" | "the next server";

/** A client of a server that binds sessions so; it comes again with those headers. */
async function comingAgain(bindSession: readonly SessionBinding[], headers: Record<string, string>, way: Way) {
  const options: ServerOptions = { allowedOrigins: "*", trustProxy: 1, bindSession };
  const { start, land, client: connect, clock } = nodes(options);
  const first = start();
  const second = way === "the same server" ? first : start();
  land(first);
  await clock.advance(10);
  let current: Record<string, string> = home;
  const client = connect("ann", { headers: () => current, reconnectBaseMs: 50, reconnectCapMs: 50 });
  const got: unknown[] = [];
  client.chRecv.on("s/n", ({ data }) => got.push(data));
  await clock.advance(100);
  const { sessionId } = client.state.get();
  current = headers;
  land(undefined);
  client.chsk.breakConnection();
  first.server.sendFn("ann", ["s/n", "secret"]);
  if (way === "the next server") {
    const closed = first.server.close();
    await clock.advance(1_000);
    await closed;
  }
  land(second);
  await clock.advance(10_000);
  const { open, resumed, sessionId: now } = client.state.get();
  return { open, resumed, isSame: now === sessionId, got, away: first.server.metrics().sessionsAway };
}

describe.each<Way>(["the same server", "another server", "the next server"])(
  "a session that is bound (PROTOCOL.md section 6.4), whose client comes to %s",
  (way) => {
    it.each<[string, readonly SessionBinding[], Record<string, string>]>([
      ["an origin", ["origin"], { ...home, origin: "https://other.example" }],
      ["an origin, and what is no page", ["origin"], { "x-forwarded-for": "192.0.2.1" }],
      ["a family of addresses", ["address-family"], { ...home, "x-forwarded-for": "2001:db8::1" }],
      ["an address", ["origin", "address"], { ...home, "x-forwarded-for": "192.0.2.2" }],
    ])("to %s goes on with nobody who differs in it, and is left as it was", async (_what, bindSession, headers) => {
      const { open, resumed, isSame, got, away } = await comingAgain(bindSession, headers, way);
      expect({ open, resumed, isSame, got }).toEqual({ open: true, resumed: false, isSame: false, got: [] });
      expect(away).toBe(way === "the next server" ? 0 : 1);
    });

    it.each<[string, readonly SessionBinding[], Record<string, string>]>([
      ["nothing", [], { origin: "https://other.example", "x-forwarded-for": "2001:db8::1" }],
      ["an origin", ["origin"], { ...home, "x-forwarded-for": "2001:db8::1" }],
      ["a family of addresses", ["address-family"], { ...home, "x-forwarded-for": "::ffff:198.51.100.7" }],
    ])("to %s goes on with whoever is the same in it", async (_what, bindSession, headers) => {
      const { open, resumed, isSame, got, away } = await comingAgain(bindSession, headers, way);
      expect({ open, resumed, isSame, got }).toEqual({ open: true, resumed: true, isSame: true, got: ["secret"] });
      expect(away).toBe(0);
    });
  },
);

it("to an address is one to its network of 64 bits, where that is IPv6", () => {
  const of = (remoteAddress: string) => bindingOf({ headers: new Headers(), remoteAddress }, ["address"]);
  expect(of("2001:db8::1")).toBe(of("2001:db8::ffff:2"));
  expect(of("2001:db8:0:1::1")).not.toBe(of("2001:db8::1"));
});

it.each([["origin"], [["orign"]], [null], [["constructor"]]])("takes no other names: %j", (bindSession) => {
  expect(() => checkServerOptions({ bindSession })).toThrow(/bindSession is an array of "origin", "address-family"/);
});
