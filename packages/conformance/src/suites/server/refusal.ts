import { describe, expect } from "vitest";
import { headersOfRefusal, refusalOf } from "../../raw/raw-peer.ts";
import {
  connectPeer,
  everyCodec,
  expectAlive,
  fresh,
  greetPeer,
  type ServerSection,
  serverFor,
  sharedServer,
} from "./section.ts";

/** A peer that is refused by a close: accepted, and told nothing but the code. */
const own = "sente-lite=1&attempt=1";

export function refusalTests(section: ServerSection): void {
  const { target, test } = section;

  describe("§1 refusal: CSRF", () => {
    const server = sharedServer(section, { ...everyCodec, options: { csrfToken: "s3cret" } });
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
      const peer = await connectPeer(server(), `client-id=${fresh("own")}&${own}&csrf-token=nope`);
      peer.send('[[:test/echo 1] "x1"]');
      const codes = target.capabilities.resetsUnread ? [4403, 1006] : [4403];
      expect(codes).toContain((await peer.waitForClose()).code);
      expect(peer.received).toEqual([]);
    });

    test("the token is taken from the parameter csrf-token", async () => {
      const peer = await connectPeer(server(), `client-id=${fresh("csrf")}&csrf-token=s3cret`);
      expect(await peer.text()).toContain(":chsk/handshake");
    });

    for (const header of ["X-CSRF-Token", "X-XSRF-Token"]) {
      test(`the token is taken from the header ${header}`, async () => {
        const peer = await connectPeer(server(), `client-id=${fresh("csrf")}`, { headers: { [header]: "s3cret" } });
        expect(await peer.text()).toContain(":chsk/handshake");
      });
    }

    test("the token is taken from the offered subprotocol csrf.TOKEN, and sente-lite is chosen", async () => {
      const protocols = ["sente-lite", "csrf.s3cret"];
      const peer = await connectPeer(server(), `client-id=${fresh("csrf")}&${own}`, { protocols });
      expect(await peer.text()).toContain(":chsk/handshake");
      expect(peer.protocol).toBe("sente-lite");
    });

    test("a wrong token in the subprotocol is refused with a close that the offer does not disturb", async () => {
      const protocols = ["sente-lite", "csrf.nope"];
      const peer = await connectPeer(server(), `client-id=${fresh("csrf")}&${own}`, { protocols });
      expect((await peer.waitForClose()).code).toBe(4403);
    });
  });

  describe("§1 refusal: origin", () => {
    const allowedOrigins = ["http://a.example", "https://b.example:8443"];
    const server = serverFor(section, { ...everyCodec, options: { allowedOrigins } });
    const refusalFor = (origin: string, query = "") => refusalOf(`${server().url}?client-id=o${query}`, { origin });

    for (const origin of allowedOrigins) {
      test(`the allowed origin ${origin} passes`, async () => {
        await greetPeer(server(), `client-id=${fresh("origin")}`, { origin });
      });
    }

    test("any other origin: 403 Unauthorized origin", async () => {
      expect(await refusalFor("http://evil.example")).toEqual({ status: 403, body: "Unauthorized origin" });
    });

    test("an origin that only begins, or ends, as an allowed one is refused", async () => {
      for (const origin of [
        "http://a.example.evil.example",
        "http://a.example:81",
        "https://a.example",
        "http://x.a.example",
      ]) {
        expect((await refusalFor(origin)).status, origin).toBe(403);
      }
    });

    test("the origin null, of sandboxed pages, is refused", async () => {
      expect((await refusalFor("null")).status).toBe(403);
    });

    test("a refused origin is told by status also to our own clients", async () => {
      expect(await refusalFor("http://evil.example", `&${own}`)).toEqual({ status: 403, body: "Unauthorized origin" });
    });

    test("the page's own server passes without being listed", async () => {
      await greetPeer(server(), `client-id=${fresh("origin")}`, { origin: `http://127.0.0.1:${server().port}` });
    });

    test("a peer without an Origin header is no browser, and passes", async () => {
      await greetPeer(server(), `client-id=${fresh("origin")}`);
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
      const peer = await connectPeer(closing(), "client-id=plain&csrf-token=nope");
      expect((await peer.waitForClose()).code).toBe(4403);
    });

    test("rejectWith http: every peer is refused by status", async () => {
      const { status, body } = await refusalOf(`${byStatus().url}?client-id=mine&${own}&csrf-token=nope`);
      expect({ status, body }).toEqual({ status: 403, body: "Bad CSRF token" });
    });
  });

  describe("§1 refusal: authorizedFn and rejectFn", () => {
    const server = sharedServer(section);
    const guarded = sharedServer(section, { ...everyCodec, options: { csrfToken: "s3cret" } });

    test("not authorized: 401", async () => {
      expect((await refusalOf(`${server().url}?client-id=u&unauthorized=1`)).status).toBe(401);
    });

    test("not authorized, our own client: 4401, no handshake", async () => {
      const peer = await connectPeer(server(), `client-id=u&unauthorized=1&${own}`);
      expect((await peer.waitForClose()).code).toBe(4401);
      expect(peer.received).toEqual([]);
    });

    test("a rejection has the status and body that the application gave", async () => {
      const refusal = await refusalOf(`${server().url}?client-id=u&reject=429`);
      expect(refusal).toEqual({ status: 429, body: "rejected with 429" });
    });

    test("a rejection by status has the headers that the application gave, one of each name", async () => {
      const more =
        "&header=WWW-Authenticate=Bearer&header=Retry-After=77&header=Content-Type=application/json&header=X-Own=1";
      const headers = await headersOfRefusal(`${server().url}?client-id=u&reject=401&retryInMs=1000${more}`);
      expect(headers).toMatchObject({
        "www-authenticate": "Bearer",
        "retry-after": "77",
        "content-type": "application/json",
        "x-own": "1",
      });
    });

    for (const [place, query, request] of [
      ["a subprotocol, of which sente-lite is chosen", "", { protocols: ["sente-lite", "login.ann"] }],
      ["the header Authorization", "", { headers: { authorization: "Bearer ann" } }],
      ["a cookie", "", { headers: { cookie: "a=1; login=ann" } }],
      ["the query", "&login=ann", {}],
    ] as const) {
      test(`a token is had from ${place}`, async () => {
        const peer = await connectPeer(server(), `client-id=${fresh("token")}&${own}&codec=edn${query}`, request);
        expect(await peer.text()).toContain(':chsk/handshake ["ann" ');
        expect(peer.protocol).toBe("protocols" in request ? "sente-lite" : "");
      });
    }

    for (const [status, code] of [
      [401, 4401],
      [403, 4403],
      [429, 4429],
      [503, 4503],
    ] as const) {
      test(`our own client is told of status ${status} by close code ${code}`, async () => {
        const peer = await connectPeer(server(), `client-id=u&reject=${status}&${own}`);
        expect((await peer.waitForClose()).code).toBe(code);
        expect(peer.received).toEqual([]);
      });
    }

    for (const gate of ["authorizedFn", "authorizedFn-returns", "userIdFn", "rejectFn-returns", "handshakeDataFn"]) {
      test(`what ${gate} says of why is the reason of the close, for a client that knows such reasons`, async () => {
        const url = `client-id=u&refuse-by=${gate}&status=401&${own}`;
        const peer = await connectPeer(server(), `${url}&features=close-refusals.refusal-reasons`);
        const { code, reason } = await peer.waitForClose();
        expect(code).toBe(4401);
        expect(reason).toBe('{"code":"suspended","message":"You are suspended ☃","data":{"until":"Monday"}}');
        expect(peer.received).toEqual([]);
        // One of before is told as ever.
        const older = await connectPeer(server(), url);
        expect(await older.waitForClose()).toMatchObject({ code: 4401, reason: "You are suspended ☃" });
        const other = await refusalOf(`${server().url}?client-id=u&refuse-by=${gate}&status=429`);
        expect(other).toEqual({ status: 429, body: "You are suspended ☃" });
      });
    }

    test("what csrfTokenFn says of why is told, and to a page of a refused origin nothing", async () => {
      const query = `client-id=u&refuse-by=csrfTokenFn&${own}&features=close-refusals.refusal-reasons`;
      const { code, reason } = await (await connectPeer(guarded(), query)).waitForClose();
      expect([code, JSON.parse(reason).code]).toEqual([4403, "suspended"]);
      const refused = await refusalOf(`${guarded().url}?${query}`, { origin: "http://evil.example" });
      expect(refused).toEqual({ status: 403, body: "Unauthorized origin" });
    });

    test("the hint when to come again is the close reason", async () => {
      const peer = await connectPeer(server(), `client-id=u&reject=503&retryInMs=1500&spreadMs=300&${own}`);
      const { code, reason } = await peer.waitForClose();
      expect(code).toBe(4503);
      expect(JSON.parse(reason)).toEqual({ retryInMs: 1500, spreadMs: 300 });
    });

    test("a refused peer that goes on sending harms nothing", async () => {
      const peer = await connectPeer(server(), `client-id=u&unauthorized=1&${own}`);
      for (let i = 0; i < 100; i++) peer.send("}{");
      await peer.waitForClose();
      await expectAlive(server());
    });
  });
}
