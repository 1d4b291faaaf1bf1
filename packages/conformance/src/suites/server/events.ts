import { describe, expect } from "vitest";
import { fresh, greetPeer, lineOf, type ServerSection, sharedServer } from "./section.ts";

/** Frames that decode and hold no event; the connection stays. */
const badFrames: Readonly<Record<string, string>> = {
  "an id without a namespace": '[[:nons 1] "b1"]',
  "an event of three elements": '[[:test/echo 1 2] "b2"]',
  "an empty event": "[[] nil]",
  "an empty frame": "[]",
  "nil in place of an event": "[nil nil]",
  "a map in place of an event": "[{:a 1} nil]",
  "an id that is a string": '[["test/echo" 1] nil]',
  "an id that is a symbol": "[[test/echo 1] nil]",
  "a map in place of a frame": "{:a 1}",
  "a string in place of a frame": '"just text"',
  "nil in place of a frame": "nil",
  "a set in place of a frame": "#{[:test/echo 1]}",
  "a batch, which only servers send": "[[[:test/echo 1] [:test/echo 2]] nil]",
  "a cb-id that is a number": "[[:test/echo 1] 7]",
  "a cb-id that is a keyword": "[[:test/echo 1] :ajax-cb]",
  "a cb-id that is a vector": '[[:test/echo 1] ["a"]]',
  "a cb-id of 65 characters": `[[:test/echo 1] "${"c".repeat(65)}"]`,
  "a handshake from a client": '[[:chsk/handshake ["u" nil nil]] nil]',
  "a uidport event from a client": '[[:chsk/uidport-open "u"] nil]',
  "a state event from a client": "[[:chsk/state [{} {}]] nil]",
  "a bad event from a client": "[[:chsk/bad-event 1] nil]",
  "an unknown event of the protocol's namespace": '[[:chsk/foo 1] "b3"]',
  "a bare event with three elements": "[:test/echo 1 2]",
  "a bare event without a namespace": "[:nons]",
};

export function eventTests(section: ServerSection): void {
  const { test } = section;

  describe("§2 events", () => {
    const server = sharedServer(section);

    for (const [what, frame] of Object.entries(badFrames)) {
      test(`${what} is delivered as chsk/bad-event, and the connection stays`, async () => {
        const clientId = fresh("bad");
        const peer = await greetPeer(server(), `client-id=${clientId}`);
        peer.send(frame);
        await server().next(lineOf("chsk/bad-event", clientId));
        peer.send('[[:test/echo 1] "after"]');
        expect(await peer.textWhere((text) => text.includes('"after"'))).toBe('[1 "after"]');
      });
    }

    test("a bad event is reported on the error channel", async () => {
      const peer = await greetPeer(server(), `client-id=${fresh("bad")}`);
      peer.send("[[:nons 1] nil]");
      const { error } = await server().next(
        (line) => typeof line.error === "object" && line.error.code === "bad-event",
      );
      expect(error).toBeDefined();
    });

    test("in json an id is a string, and one that is no name is a bad event", async () => {
      const clientId = fresh("bad");
      const peer = await greetPeer(server(), `client-id=${clientId}&codec=json`);
      for (const id of ["nons", "", "/", "a/", "/b", "a b/c", "chsk/foo", "a/b/c d"]) {
        peer.send(JSON.stringify([[id, 1], null]));
        await server().next(lineOf("chsk/bad-event", clientId));
      }
      expect(await peer.ask('[["test/echo",1],"after"]')).toBe('[1,"after"]');
    });

    test("pings reach the application's handler, as in Sente", async () => {
      const clientId = fresh("ping");
      const peer = await greetPeer(server(), `client-id=${clientId}`);
      await peer.ask('[[:chsk/ws-ping] "p1"]');
      await server().next(lineOf("chsk/ws-ping", clientId));
    });

    test("events of one connection are delivered in the order sent", async () => {
      const clientId = fresh("order");
      const peer = await greetPeer(server(), `client-id=${clientId}`);
      for (let i = 0; i < 200; i++) peer.send(`[[:test/never ${i}] nil]`);
      await peer.ask('[[:test/echo :end] "end"]');
      await server().next(lineOf("test/echo", clientId));
      const seen = server().events().filter(lineOf("test/never", clientId));
      expect(seen.map((line) => line.event?.[1])).toEqual(Array.from({ length: 200 }, (_, i) => i));
    });
  });
}
