import { describe, expect, onTestFinished } from "vitest";
import { codecNames, textCodecNames } from "../../codecs.ts";
import { refusalOf } from "../../raw/raw-peer.ts";
import { RawSocket } from "../../raw/raw-socket.ts";
import { testedServers } from "../../runtimes.mjs";
import { connectPeer, expectAlive, fresh, greetPeer, type ServerSection, sharedServer } from "./section.ts";

export function connectionTests(section: ServerSection): void {
  const { target, test } = section;

  describe("§1 connection", () => {
    const server = sharedServer(section);
    // What its fixture says.
    const { package: runtime } = testedServers[target.name];
    const handshakes = {
      edn: (uid: string) => `[[:chsk/handshake ["${uid}" nil {:server "sente-lite", :runtime "${runtime}"}]] nil]`,
      json: (uid: string) => `[["chsk/handshake",["${uid}",null,{"server":"sente-lite","runtime":"${runtime}"}]],null]`,
      "transit-json": (uid: string) =>
        `[["~:chsk/handshake",["${uid}",null,["^ ","~:server","sente-lite","~:runtime","${runtime}"]]],null]`,
    };
    for (const codec of textCodecNames) {
      test(`${codec}: the first frame is the wrapped handshake, byte for byte`, async () => {
        const peer = await connectPeer(server(), `client-id=hs-${codec}&codec=${codec}`);
        expect(await peer.text()).toBe(handshakes[codec](`hs-${codec}`));
      });
    }

    test("the codec that comes first serves those who name none", async () => {
      const peer = await connectPeer(server(), "client-id=first");
      expect(await peer.text()).toBe(handshakes.edn("first"));
    });

    test("our own clients get the handshake that Sente's get, and a session", async () => {
      const peer = await connectPeer(server(), "client-id=own-1&sente-lite=1&attempt=1&codec=edn");
      const [before = "", after = ""] = (await peer.text()).split(/"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"/);
      expect(before).toBe(`${handshakes.edn("own-1").slice(0, -"]] nil]".length)} {:session `);
      expect(after).toBe(", :resumed? false, :received 0, :max-frame 1048576, :ack {:frames 64, :bytes 65536}}]] nil]");
    });

    test("our own clients get what Sente's get where sessions are switched off", async () => {
      const without = await target.start({ codec: "edn", options: { sessionWindowMs: 0 } });
      onTestFinished(() => without.kill());
      const peer = await connectPeer(without, "client-id=own-2&sente-lite=1&attempt=1&codec=edn");
      expect(await peer.text()).toBe(handshakes.edn("own-2"));
    });

    test("the user id is not the client id where the application says so", async () => {
      const peer = await connectPeer(server(), "client-id=c&uid=user-7");
      expect(await peer.text()).toBe(handshakes.edn("user-7"));
      expect(await peer.ask('[[:test/whoami] "w1"]')).toBe('[{:uid "user-7", :client-id "c"} "w1"]');
    });

    test("a user without an id is told nil, and is reached by its own pushes", async () => {
      const peer = await connectPeer(server(), `client-id=${fresh("nobody")}&anonymous=1`);
      expect(await peer.text()).toContain("[[:chsk/handshake [nil nil {");
      expect(await peer.ask("[[:test/push-me 1] nil]")).toBe("[[[:test/pushed 1]] nil]");
    });

    test("parameters that it does not know are ignored", async () => {
      const peer = await connectPeer(server(), "udt=1&client-id=unknown-params&handshake%3F=true&x=%20y");
      expect(await peer.text()).toBe(handshakes.edn("unknown-params"));
    });

    test("client ids are read as percent-decoded UTF-8", async () => {
      const peer = await connectPeer(server(), `client-id=${encodeURIComponent("ü ☃/+&=")}`);
      expect(await peer.text()).toBe(handshakes.edn("ü ☃/+&="));
    });

    test("an unknown codec is refused before the upgrade, naming those that are offered", async () => {
      const { status, body } = await refusalOf(`${server().url}?client-id=a&codec=bson`);
      expect(status).toBe(400);
      for (const codec of codecNames) expect(body).toContain(codec);
    });

    test("an unknown codec is refused by close to a client that knows reasons, naming those that are offered", async () => {
      const two = await section.target.start({ codecs: ["json", "edn"] });
      onTestFinished(() => two.kill());
      const query = "client-id=a&codec=bson&sente-lite=1&attempt=1&features=close-refusals.refusal-reasons";
      const peer = await connectPeer(two, query);
      const reason = '{"code":"unknown-codec","data":{"codecs":["json","edn"]}}';
      expect(await peer.waitForClose()).toMatchObject({ code: 4406, reason });
      expect(peer.received).toEqual([]);
    });

    test("an unknown codec is refused by status to a page of a refused origin, whatever it knows", async () => {
      const query = "client-id=a&codec=bson&sente-lite=1&attempt=1&features=close-refusals.refusal-reasons";
      const { status } = await refusalOf(`${server().url}?${query}`, { origin: "http://evil.example" });
      expect(status).toBe(400);
    });

    test("an unknown codec is refused by status to those of our clients that know no reasons", async () => {
      const { status } = await refusalOf(`${server().url}?client-id=a&codec=bson&sente-lite=1&attempt=1`);
      expect(status).toBe(400);
    });

    test("a client id over 256 characters is refused", async () => {
      const longest = "i".repeat(256);
      await greetPeer(server(), `client-id=${longest}`);
      const { status } = await refusalOf(`${server().url}?client-id=${longest}i`);
      expect(status).toBe(400);
    });

    test("no subprotocol is chosen where none of ours was offered", async () => {
      const socket = await RawSocket.upgrade(server().port, "/chsk?client-id=subs", [
        "Sec-WebSocket-Protocol: foo, bar",
      ]);
      expect(socket.text.toLowerCase()).not.toContain("sec-websocket-protocol");
      socket.destroy();
    });

    test("the subprotocol sente-lite is chosen where it is offered", async () => {
      const peer = await greetPeer(server(), "client-id=subs-2&sente-lite=1&attempt=1", { protocols: ["sente-lite"] });
      expect(peer.protocol).toBe("sente-lite");
    });

    test("a request that is no upgrade is answered as plain HTTP, and harms nothing", async () => {
      const socket = await RawSocket.open(server().port);
      socket.write(
        `GET /chsk?client-id=plain HTTP/1.1\r\nHost: 127.0.0.1:${server().port}\r\nConnection: close\r\n\r\n`,
      );
      expect(await socket.until((text) => text.includes("\r\n\r\n"))).toMatch(/^HTTP\/1\.1 4\d\d /);
      socket.destroy();
      await expectAlive(server());
    });

    test("a peer that leaves in the middle of its upgrade request harms nothing", async () => {
      const socket = await RawSocket.open(server().port);
      socket.write("GET /chsk?client-id=half HTTP/1.1\r\nConnection: Upgr");
      socket.reset();
      await expectAlive(server());
    });

    test("a peer that resets its connection at once after the request harms nothing", async () => {
      const socket = await RawSocket.upgrade(server().port, "/chsk?client-id=reset");
      socket.reset();
      await expectAlive(server());
    });
  });

  describe("§1 connection: the form that a peer speaks", () => {
    const server = sharedServer(section);
    const bare = {
      edn: /^\[:chsk\/handshake \["[^"]+" nil \{:server "sente-lite", :runtime "\w+"\} true\]\]$/,
      json: /^\["chsk\/handshake",\["[^"]+",null,\{"server":"sente-lite","runtime":"\w+"\},true\]\]$/,
      "transit-json":
        /^\["~:chsk\/handshake",\["[^"]+",null,\["\^ ","~:server","sente-lite","~:runtime","\w+"\],true\]\]$/,
    };
    for (const codec of textCodecNames) {
      test(`${codec}: a peer without a client id gets a bare handshake, and a client id of the server's`, async () => {
        const peer = await connectPeer(server(), `codec=${codec}`);
        expect(await peer.text()).toMatch(bare[codec]);
      });
    }

    test("two peers without client ids are two users", async () => {
      const [one, two] = [await connectPeer(server(), ""), await connectPeer(server(), "")];
      expect(await one.text()).not.toBe(await two.text());
    });
  });
}
