import { describe, expect } from "vitest";
import { refusalOf } from "../../raw/raw-peer.ts";
import { closeCodeBytes, frameBytes, opcodes, RawSocket, upgradeRequest } from "../../raw/raw-socket.ts";
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

const own = "sente-lite=1&attempt=1&features=close-refusals.refusal-reasons";

/** What one peer, one user and one address may take of a server. */
export function limitTests(section: ServerSection): void {
  const { target, test } = section;

  describe("§9 limits: connections", () => {
    const ofUser = serverFor(section, { ...everyCodec, options: { maxConnectionsPerUser: 1 } });
    const ofAll = serverFor(section, {
      ...everyCodec,
      options: { maxConnections: 2, maxConnectsPerSecondPerAddress: 1 },
    });

    test("one more of a user than there may be is refused with 429, our own client with 4429 and a hint", async () => {
      const uid = fresh("many");
      await greetPeer(ofUser(), `client-id=${fresh("c")}&uid=${uid}`);
      const refused = await refusalOf(`${ofUser().url}?client-id=${fresh("c")}&uid=${uid}`);
      expect(refused).toEqual({ status: 429, body: "the user has too many connections" });
      const closed = await (await connectPeer(ofUser(), `client-id=${fresh("c")}&uid=${uid}&${own}`)).waitForClose();
      expect([closed.code, JSON.parse(closed.reason)]).toMatchObject([
        4429,
        { code: "too-many-connections", retryInMs: 5_000 },
      ]);
      await greetPeer(ofUser(), `client-id=${fresh("c")}&uid=${fresh("other")}`);
    });

    test("one more than there may be is refused with 503 until one has gone, and one that comes too fast with 429", async () => {
      const ask = async () => {
        const socket = await RawSocket.open(ofAll().port);
        socket.write(upgradeRequest(ofAll().port, `/chsk?client-id=${fresh("c")}&codec=edn`));
        const head = await socket.until((text) => text.includes("\r\n\r\n"));
        return { socket, head };
      };
      const [first, second] = [await ask(), await ask()];
      expect([first.head.slice(0, 12), second.head.slice(0, 12)]).toEqual(["HTTP/1.1 101", "HTTP/1.1 101"]);
      const third = await ask();
      expect(third.head).toMatch(/^HTTP\/1.1 503/);
      expect(third.head.toLowerCase()).toContain("\r\nretry-after: 5\r\n");
      first.socket.frame({ opcode: opcodes.close, payload: Uint8Array.of(0x03, 0xe8) });
      await first.socket.until((text) => text.includes(closeCodeBytes(1000)));
      // The server hears of the end a moment after it has answered it. Ten may come at once, one more each second.
      const heads: string[] = [];
      for (let i = 0; i < 8 && !heads.some((head) => head.startsWith("HTTP/1.1 429")); i++)
        heads.push((await ask()).head);
      expect(heads.some((head) => head.startsWith("HTTP/1.1 101"))).toBe(true);
      expect(heads.at(-1)).toMatch(/^HTTP\/1.1 429.*\r\nretry-after: 1\r\n/is);
    });
  });

  describe("§9 limits: a peer that sends too fast", () => {
    const slow = { maxEventsPerSecond: 10 };
    const delaying = serverFor(section, { ...everyCodec, options: { maxEventsPerSecond: 50 } });
    const dropping = serverFor(section, { ...everyCodec, options: { ...slow, overRate: "drop" } });
    const closing = serverFor(section, { ...everyCodec, options: { ...slow, overRate: "close" } });
    const ask = (n: number) => `[[:test/echo ${n}] "r${n}"]`;

    test("is handled as fast as it may be, in order, and others do not wait", async () => {
      const peer = await greetPeer(delaying(), `client-id=${fresh("fast")}&codec=edn`);
      // Ten seconds' worth may come at once.
      const count = 540;
      for (let n = 0; n < count; n++) peer.send(ask(n));
      await expectAlive(delaying());
      expect(peer.received.length).toBeLessThan(count);
      await peer.textWhere((text) => text === `[${count - 1} "r${count - 1}"]`);
      const replies = peer.received.slice(1);
      expect(replies).toEqual(Array.from({ length: count }, (_, n) => `[${n} "r${n}"]`));
    });

    test("drop: its requests are answered rate-limited", async () => {
      const peer = await greetPeer(dropping(), `client-id=${fresh("fast")}&codec=edn&${own}&features=error-details`);
      for (let n = 0; n < 150; n++) peer.send(ask(n));
      expect(await peer.textWhere((text) => text.includes('"r149"]'))).toContain("chsk/error");
      await peer.textWhere((text) => text === '[50 "r50"]');
      await dropping().next(({ error }) => typeof error === "object" && error.code === "over-rate");
      await expectAlive(dropping());
    });

    test("close: 4429 says when to come again", async () => {
      const peer = await greetPeer(closing(), `client-id=${fresh("fast")}&codec=edn&${own}`);
      for (let n = 0; n < 150; n++) peer.send(ask(n));
      const { code, reason } = await peer.waitForClose();
      expect(code).toBe(4429);
      expect(JSON.parse(reason)).toMatchObject({ retryInMs: expect.any(Number), spreadMs: expect.any(Number) });
      await expectAlive(closing());
    });

    test("close: pings count, too, where the runtime tells of them", async () => {
      const { tellsPings } = target.capabilities;
      const socket = await RawSocket.upgrade(closing().port, `/chsk?client-id=${fresh("pings")}&codec=edn`);
      // A library may cut a peer whose pings come at once faster than they are answered.
      for (const part of ["first", "second", "third"]) {
        const ping = frameBytes({ opcode: opcodes.ping, payload: part });
        socket.write(Buffer.concat(Array.from({ length: 50 }, () => ping)));
        await socket.until((text) => text.includes(part) || (tellsPings && text.includes(closeCodeBytes(4429))));
      }
      if (tellsPings) await socket.until((text) => text.includes(closeCodeBytes(4429)));
      socket.destroy();
    });
  });

  describe("§1 refusal: proxies and hosts", () => {
    const behind = serverFor(section, { ...everyCodec, options: { trustProxy: 1 } });
    const open = sharedServer(section);
    const named = serverFor(section, { ...everyCodec, options: { allowedHosts: ["127.0.0.1"] } });
    const headers = { "x-forwarded-for": "192.0.2.66, 203.0.113.9", "x-forwarded-host": "app.example" };
    const address = async (server: typeof open) => {
      const peer = await greetPeer(server(), `client-id=${fresh("proxy")}&codec=edn`, { headers });
      return /:address "([^"]*)"/.exec(await peer.ask('[[:test/request] "r"]'))?.[1];
    };

    test("what a proxy says of the address counts where it is trusted, and nowhere else", async () => {
      expect(await address(behind)).toBe("203.0.113.9");
      expect(await address(open)).not.toContain(".0.113.9");
    });

    test("what a proxy says of host and scheme counts for the origin where it is trusted, and nowhere else", async () => {
      const origin = "https://app.example";
      const secure = { ...headers, "x-forwarded-proto": "https" };
      await greetPeer(behind(), `client-id=${fresh("proxy")}`, { origin, headers: secure });
      const refused = { status: 403, body: "Unauthorized origin" };
      const plain = { ...headers, "x-forwarded-proto": "http" };
      expect(await refusalOf(`${behind().url}?client-id=p`, { origin, headers: plain })).toEqual(refused);
      expect(await refusalOf(`${open().url}?client-id=p`, { origin, headers: secure })).toEqual(refused);
    });

    test("a host that is not allowed is refused, though a page of it has its origin (DNS rebinding)", async () => {
      const { port } = named();
      const ask = async (host: string) => {
        const socket = await RawSocket.open(port);
        const request = upgradeRequest(port, "/chsk?client-id=rebound", [`Origin: http://${host}`]);
        socket.write(request.replace(/Host: .*/, `Host: ${host}`));
        const head = await socket.until((text) => text.includes("\r\n\r\n"));
        socket.destroy();
        return head.slice(0, 12);
      };
      expect(await ask(`127.0.0.1:${port}`)).toBe("HTTP/1.1 101");
      expect(await ask(`evil.example:${port}`)).toBe("HTTP/1.1 403");
    });
  });

  describe("§9 limits: requests, and functions that judge", () => {
    const server = serverFor(section, { ...everyCodec, options: { maxRequestsInFlight: 3, hookTimeoutMs: 200 } });

    test("a client has so many requests without a reply, and one more is refused", async () => {
      const peer = await greetPeer(server(), `client-id=${fresh("asks")}&codec=edn&${own}&features=error-details`);
      for (let n = 0; n < 3; n++) peer.send(`[[:test/never] "n${n}"]`);
      expect(await peer.ask('[[:test/echo 1] "r1"]')).toContain("chsk/error");
    });

    test("a request is not judged without end: 503, our own client 4503 and a hint", async () => {
      const query = `client-id=${fresh("late")}&authorizeAfter=20000`;
      expect(await refusalOf(`${server().url}?${query}`)).toEqual({ status: 503, body: "the handshake took too long" });
      const { code, reason } = await (await connectPeer(server(), `${query}&${own}`)).waitForClose();
      expect([code, JSON.parse(reason)]).toEqual([4503, { retryInMs: 1_000, spreadMs: 5_000 }]);
      await expectAlive(server());
    });
  });
}
