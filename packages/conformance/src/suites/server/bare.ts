import { describe, expect } from "vitest";
import { fresh, greetPeer, type ServerSection, sharedServer } from "./section.ts";

/** What is sent on a bare connection, and the frames that come back. */
const exchanges: readonly (readonly [name: string, send: string, ...answers: string[]])[] = [
  ["an event is answered by a push of one bare event", "[:test/echo {:n 1}]", "[:test/echoed {:n 1}]"],
  ["an event without data is an event", "[:test/echo]", "[:test/echoed]"],
  ["nil data is data", "[:test/echo nil]", "[:test/echoed nil]"],
  ["a request is answered with its cb-id", '[[:test/echo {:n 1}] "a1b2c3"]', '[{:n 1} "a1b2c3"]'],
  ["a request is answered nil", '[[:test/echo nil] "a1"]', '[nil "a1"]'],
  ["a ping is answered with a pong", "[:chsk/ws-ping]", "[:chsk/ws-pong]"],
  ["a ping with nil data is answered with a pong", "[:chsk/ws-ping nil]", "[:chsk/ws-pong]"],
  ["pushes are not batched", "[:test/burst 3]", "[:test/item {:i 0}]", "[:test/item {:i 1}]", "[:test/item {:i 2}]"],
  ["a reply comes after what was pushed", '[[:test/push-me 1] "r1"]', "[:test/pushed 1]", '[nil "r1"]'],
  ["a wrapped event is understood too", "[[:test/echo 1] nil]", "[:test/echoed 1]"],
  ["a throwing handler is answered chsk/error", '[[:test/throw] "r1"]', '[:chsk/error "r1"]'],
];

export function bareTests(section: ServerSection): void {
  const { test } = section;

  describe("§4 bare frames", () => {
    const server = sharedServer(section);

    for (const [name, send, ...answers] of exchanges) {
      test(`bare: ${name}`, async () => {
        const peer = await greetPeer(server(), "");
        peer.send(send);
        expect(await peer.texts(answers.length)).toEqual(answers);
      });
    }

    test("bare: an unasked pong is taken in silence", async () => {
      const peer = await greetPeer(server(), "");
      peer.send("[:chsk/ws-pong]");
      expect(await peer.ask("[:test/echo 1]")).toBe("[:test/echoed 1]");
    });

    test("bare: json and transit-json have bare frames of their own", async () => {
      const json = await greetPeer(server(), "codec=json");
      expect(await json.ask('["test/echo",{"n":1}]')).toBe('["test/echoed",{"n":1}]');
      const transit = await greetPeer(server(), "codec=transit-json");
      expect(await transit.ask('["~:test/echo",["^ ","~:n",1]]')).toBe('["~:test/echoed",["^ ","~:n",1]]');
    });

    test("a bare event on a wrapped connection is an event, answered in the connection's form", async () => {
      const peer = await greetPeer(server(), `client-id=${fresh("mixed")}`);
      expect(await peer.ask("[:test/echo 1]")).toBe("[[[:test/echoed 1]] nil]");
    });

    test("a bare connection's user is addressed by the client id that the server made up", async () => {
      const peer = await greetPeer(server(), "");
      const answer = await peer.ask('[[:test/whoami] "w1"]');
      const [, uid, clientId] = /:uid "([^"]+)", :client-id "([^"]+)"/.exec(answer) ?? [];
      expect(uid).toBe(clientId);
      const other = await greetPeer(server(), `client-id=${fresh("c")}`);
      other.send(`[[:test/to {:uid "${uid}", :x 1}] nil]`);
      expect(await peer.text()).toBe("[:test/direct 1]");
    });
  });
}
