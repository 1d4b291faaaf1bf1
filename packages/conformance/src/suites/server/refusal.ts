import { describe, expect } from "vitest";
import { refusalOf } from "../../raw/raw-peer.ts";
import { everyCodec, expectAlive, fresh, greeted, joined, type ServerSection, serverFor } from "./section.ts";

/** A peer that is refused by a close: accepted, and told nothing but the code. */
const own = "sente-lite=1&attempt=1";

export function refusalTests(section: ServerSection): void {
  const { test } = section;

  describe("§1 refusal: CSRF", () => {
    const server = serverFor(section, { ...everyCodec, options: { csrfToken: "s3cret" } });
    const url = (query: string) => `${server().url}?client-id=${fresh("csrf")}${query}`;

    test("without a token: 403 Bad CSRF token", async () => {
      expect(await refusalOf(url(""))).toEqual({ status: 403, body: "Bad CSRF token" });
    });

    test("with a wrong token: 403 Bad CSRF token", async () => {
      expect(await refusalOf(url("&csrf-token=nope"))).toEqual({ status: 403, body: "Bad CSRF token" });
    });

    test("with a token that only begins as the right one: 403", async () => {
      expect((await refusalOf(url("&csrf-token=s3cre"))).status).toBe(403);
      expect((await refusalOf(url("&csrf-token=s3cret2"))).status).toBe(403);
    });

    test("our own clients are accepted and closed with 4403, unread and ungreeted", async () => {
      const peer = await joined(server(), `client-id=${fresh("own")}&${own}&csrf-token=nope`);
      peer.send('[[:test/echo 1] "x1"]');
      expect((await peer.closed()).code).toBe(4403);
      expect(peer.received).toEqual([]);
    });

    test("the token is taken from the parameter csrf-token", async () => {
      const peer = await joined(server(), `client-id=${fresh("csrf")}&csrf-token=s3cret`);
      expect(await peer.text()).toContain(":chsk/handshake");
    });

    for (const header of ["X-CSRF-Token", "X-XSRF-Token"]) {
      test(`the token is taken from the header ${header}`, async () => {
        const peer = await joined(server(), `client-id=${fresh("csrf")}`, { headers: { [header]: "s3cret" } });
        expect(await peer.text()).toContain(":chsk/handshake");
      });
    }

    test("the token is taken from the offered subprotocol csrf.TOKEN, and sente-lite is chosen", async () => {
      const protocols = ["sente-lite", "csrf.s3cret"];
      const peer = await joined(server(), `client-id=${fresh("csrf")}&${own}`, { protocols });
      expect(await peer.text()).toContain(":chsk/handshake");
      expect(peer.protocol).toBe("sente-lite");
    });

    test("a wrong token in the subprotocol is refused with a close that the offer does not disturb", async () => {
      const protocols = ["sente-lite", "csrf.nope"];
      const peer = await joined(server(), `client-id=${fresh("csrf")}&${own}`, { protocols });
      expect((await peer.closed()).code).toBe(4403);
    });
  });

  describe("§1 refusal: origin", () => {
    const allowedOrigins = ["http://a.example", "https://b.example:8443"];
    const server = serverFor(section, { ...everyCodec, options: { allowedOrigins } });
    const refused = (origin: string, query = "") => refusalOf(`${server().url}?client-id=o${query}`, { origin });

    for (const origin of allowedOrigins) {
      test(`the allowed origin ${origin} passes`, async () => {
        await greeted(server(), `client-id=${fresh("origin")}`, { origin });
      });
    }

    test("any other origin: 403 Unauthorized origin", async () => {
      expect(await refused("http://evil.example")).toEqual({ status: 403, body: "Unauthorized origin" });
    });

    test("an origin that only begins, or ends, as an allowed one is refused", async () => {
      for (const origin of [
        "http://a.example.evil.example",
        "http://a.example:81",
        "https://a.example",
        "http://x.a.example",
      ]) {
        expect((await refused(origin)).status, origin).toBe(403);
      }
    });

    test("the origin null, of sandboxed pages, is refused", async () => {
      expect((await refused("null")).status).toBe(403);
    });

    test("a refused origin is told by status also to our own clients", async () => {
      expect(await refused("http://evil.example", `&${own}`)).toEqual({ status: 403, body: "Unauthorized origin" });
    });

    test("the page's own server passes without being listed", async () => {
      await greeted(server(), `client-id=${fresh("origin")}`, { origin: `http://127.0.0.1:${server().port}` });
    });

    test("a peer without an Origin header is no browser, and passes", async () => {
      await greeted(server(), `client-id=${fresh("origin")}`);
    });
  });

  describe("§1 refusal: origin and CSRF together, and rejectWith", () => {
    const closing = serverFor(section, { ...everyCodec, options: { csrfToken: "s3cret", rejectWith: "close" } });
    const byStatus = serverFor(section, { ...everyCodec, options: { csrfToken: "s3cret", rejectWith: "http" } });

    test("a bad origin never reaches a WebSocket, whatever the token", async () => {
      const request = { origin: "http://evil.example" };
      const bad = await refusalOf(`${closing().url}?client-id=both&${own}&csrf-token=nope`, request);
      expect(bad.status).toBe(403);
      const good = await refusalOf(`${closing().url}?client-id=both&${own}&csrf-token=s3cret`, request);
      expect(good).toEqual({ status: 403, body: "Unauthorized origin" });
    });

    test("rejectWith close: every peer is accepted and closed", async () => {
      const peer = await joined(closing(), "client-id=plain&csrf-token=nope");
      expect((await peer.closed()).code).toBe(4403);
    });

    test("rejectWith http: every peer is refused by status", async () => {
      const { status, body } = await refusalOf(`${byStatus().url}?client-id=mine&${own}&csrf-token=nope`);
      expect({ status, body }).toEqual({ status: 403, body: "Bad CSRF token" });
    });
  });

  describe("§1 refusal: authorizedFn and rejectFn", () => {
    const server = serverFor(section, everyCodec);

    test("not authorized: 401", async () => {
      expect((await refusalOf(`${server().url}?client-id=u&unauthorized=1`)).status).toBe(401);
    });

    test("not authorized, our own client: 4401, no handshake", async () => {
      const peer = await joined(server(), `client-id=u&unauthorized=1&${own}`);
      expect((await peer.closed()).code).toBe(4401);
      expect(peer.received).toEqual([]);
    });

    test("a rejection has the status and body that the application gave", async () => {
      const refusal = await refusalOf(`${server().url}?client-id=u&reject=429`);
      expect(refusal).toEqual({ status: 429, body: "rejected with 429" });
    });

    for (const [status, code] of [
      [401, 4401],
      [403, 4403],
      [429, 4429],
      [503, 4503],
    ] as const) {
      test(`our own client is told of status ${status} by close code ${code}`, async () => {
        const peer = await joined(server(), `client-id=u&reject=${status}&${own}`);
        expect((await peer.closed()).code).toBe(code);
        expect(peer.received).toEqual([]);
      });
    }

    test("the hint when to come again is the close reason", async () => {
      const peer = await joined(server(), `client-id=u&reject=503&retryInMs=1500&spreadMs=300&${own}`);
      const { code, reason } = await peer.closed();
      expect(code).toBe(4503);
      expect(JSON.parse(reason)).toEqual({ retryInMs: 1500, spreadMs: 300 });
    });

    test("a refused peer that goes on sending harms nothing", async () => {
      const peer = await joined(server(), `client-id=u&unauthorized=1&${own}`);
      for (let i = 0; i < 100; i++) peer.send("}{");
      await peer.closed();
      await expectAlive(server());
    });
  });
}
