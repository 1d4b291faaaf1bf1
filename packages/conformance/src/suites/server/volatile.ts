import { describe, expect } from "vitest";
import { connectPeer, everyCodec, fresh, greetPeer, lineOf, type ServerSection, sharedServer } from "./section.ts";

const OURS = "codec=edn&sente-lite=1&client-instance=i&features=sessions.error-details.rooms.volatile";

export function volatileTests(section: ServerSection): void {
  const { test } = section;

  describe("§6.12 volatile events", () => {
    const server = sharedServer(section, { ...everyCodec, options: { rooms: true, sessionWindowMs: 60_000 } });
    const ours = (id = fresh("v")) => greetPeer(server(), `client-id=${id}&attempt=1&${OURS}`);

    test("volatile: a push goes behind what was pushed before it, in the form of the text", async () => {
      const peer = await ours();
      peer.send("[[:chsk/ack 0] nil]");
      expect(await peer.ask('[[:test/push-both 7] "r1"]')).toBe("[[[:test/pushed 7]] nil]");
      expect(await peer.texts(2)).toEqual(["[[:chsk/volatile [:test/typing 7]] nil]", '[1 "r1"]']);
    });

    test("volatile: a push is not counted, and no session sends it again", async () => {
      const id = fresh("v");
      const first = await connectPeer(server(), `client-id=${id}&attempt=1&${OURS}`);
      const session = /:session "([^"]+)"/.exec(await first.text())?.[1] ?? "";
      first.send("[[:chsk/ack 0] nil]");
      first.send("[[:test/push-both 1] nil]");
      await first.texts(2);
      first.terminate();
      const protocols = ["sente-lite", `session.${session}.0`];
      const again = await connectPeer(server(), `client-id=${id}&attempt=2&${OURS}`, { protocols });
      expect(await again.text()).toContain(":resumed? true, :received 1,");
      again.send("[[:chsk/ack 1] nil]");
      expect(await again.text()).toBe("[[[:test/pushed 1]] nil]");
      expect(await again.ask('[[:test/echo :next] "r9"]')).toBe('[:next "r9"]');
    });

    test("volatile: is left out where nobody is connected", async () => {
      const uid = fresh("u");
      const other = await ours();
      expect(await other.ask(`[[:test/push-away {:uid "${uid}" :x 1}] "r1"]`)).toBe('[0 "r1"]');
    });

    test("volatile: peers that do not know it get a push as any other", async () => {
      const sente = await greetPeer(server(), `client-id=${fresh("v")}&codec=edn`);
      expect(await sente.ask('[[:test/push-volatile 1] "r1"]')).toBe("[[[:test/pushed 1]] nil]");
      const older = await greetPeer(server(), `client-id=${fresh("v")}&codec=edn&sente-lite=1&attempt=1`);
      older.send("[[:chsk/ack 0] nil]");
      expect(await older.ask('[[:test/push-volatile 1] "r1"]')).toBe("[[[:test/pushed 1]] nil]");
    });

    test("volatile: what a client sends is handled in its place, and not counted", async () => {
      const id = fresh("v");
      const first = await connectPeer(server(), `client-id=${id}&attempt=1&${OURS}`);
      const session = /:session "([^"]+)"/.exec(await first.text())?.[1] ?? "";
      first.send("[[:chsk/ack 0] nil]");
      first.send("[[:chsk/volatile [:test/typing 1]] nil]");
      await server().next(lineOf("test/typing", id));
      expect(await first.ask('[[:test/echo 1] "r1"]')).toBe('[1 "r1"]');
      first.terminate();
      const protocols = ["sente-lite", `session.${session}.1`];
      const again = await connectPeer(server(), `client-id=${id}&attempt=2&${OURS}`, { protocols });
      expect(await again.text()).toContain(":resumed? true, :received 1,");
    });

    test("volatile: of a peer that did not name the feature it is a bad event", async () => {
      const id = fresh("v");
      const peer = await greetPeer(server(), `client-id=${id}&codec=edn`);
      peer.send("[[:chsk/volatile [:test/typing 1]] nil]");
      await server().next(lineOf("chsk/bad-event", id));
    });

    test("volatile: holds nothing but events of the application, and the connection stays", async () => {
      const id = fresh("v");
      const peer = await ours(id);
      for (const body of ["[:chsk/ack 1]", "[:chsk/reply {:id 1 :value 1}]", "[:chsk/volatile [:a/b]]", "7", "nil"]) {
        peer.send(`[[:chsk/volatile ${body}] nil]`);
        await server().next(lineOf("chsk/bad-event", id));
      }
      peer.send("[[:chsk/volatile] nil]");
      await server().next(lineOf("chsk/bad-event", id));
      expect(await peer.ask('[[:test/echo 1] "r1"]')).toBe('[1 "r1"]');
    });

    test("volatile: in a room it has no place in the history, from the server and from a client", async () => {
      const room = fresh("kept/v");
      const uid = fresh("v");
      const peer = await ours(uid);
      peer.send("[[:chsk/ack 0] nil]");
      await peer.ask(`[[:chsk/room-join {:room "${room}"}] "j1"]`);
      const isPost = (text: string) => text.includes("chsk/room-event");
      peer.send(`[[:test/room-volatile {:room "${room}" :x 1}] nil]`);
      peer.send(`[[:chsk/volatile [:chsk/room-send {:room "${room}" :event [:chat/typing 2]}]] nil]`);
      expect([await peer.textWhere(isPost), await peer.textWhere(isPost)]).toEqual([
        `[[:chsk/volatile [:chsk/room-event {:room "${room}", :event [:test/typing 1]}]] nil]`,
        `[[:chsk/volatile [:chsk/room-event {:room "${room}", :event [:chat/typing 2], :uid "${uid}"}]] nil]`,
      ]);
      peer.send(`[[:chsk/room-history {:room "${room}" :limit 5}] "h1"]`);
      expect(await peer.textWhere((text) => text.endsWith('"h1"]'))).toContain("{:entries [], ");
    });
  });
}
