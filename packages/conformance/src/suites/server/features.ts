import { describe, expect } from "vitest";
import { refusalOf } from "../../raw/raw-peer.ts";
import { connectPeer, fresh, type ServerSection, sharedServer } from "./section.ts";

export function featureTests(section: ServerSection): void {
  const { test } = section;

  describe("§1.8 features", () => {
    const server = sharedServer(section);
    const greet = async (query: string) => {
      const peer = await connectPeer(server(), `client-id=${fresh("f")}&codec=edn&${query}`);
      return { peer, text: await peer.text() };
    };

    test("a client that names what it knows is told what is used, and unknown names are ignored", async () => {
      const { text } = await greet("sente-lite=1&attempt=1&features=tomorrow.error-details.sessions.sessions");
      expect(text).toMatch(/^\[\[:chsk\/handshake \["f-\d+" nil \{.*\} \{:session "/);
      expect(text).toMatch(/ :bytes 65536\}, :features \["sessions" "error-details"\]\}\]\] nil\]$/);
    });

    test("a client that names none gets what there was before features had names, and is told nothing new", async () => {
      const { text, peer } = await greet("sente-lite=1&attempt=1");
      expect(text).toContain(":session ");
      expect(text).not.toContain(":features");
      expect(await peer.ask('[[:test/nobody-handles] "r1"]')).toContain("[[:chsk/error {:code ");
    });

    test("a client without sessions has none", async () => {
      const { text, peer } = await greet("sente-lite=1&attempt=1&features=error-details");
      expect(text).not.toContain(":session ");
      expect(text).toMatch(/ \{:features \["error-details"\]\}\]\] nil\]$/);
      expect(await peer.ask('[[:test/echo 1] "r1"]')).toBe('[1 "r1"]');
    });

    test("a client without error-details is told of a failure as Sente's are", async () => {
      const { peer } = await greet("sente-lite=1&attempt=1&features=sessions");
      peer.send("[[:chsk/ack 0] nil]");
      expect(await peer.ask('[[:test/nobody-handles] "r1"]')).toBe('[:chsk/error "r1"]');
    });

    test("a peer that did not say that it is ours gets nothing of it, whatever it names", async () => {
      const { text } = await greet("features=sessions.error-details");
      expect(text).toMatch(/^\[\[:chsk\/handshake \["f-\d+" nil \{[^{}]*\}\]\] nil\]$/);
    });

    test("ten thousand names are no harm", async () => {
      const { text } = await greet(`sente-lite=1&attempt=1&features=sessions.${"x.".repeat(3_000)}error-details`);
      expect(text).toMatch(/ :features \["sessions"\]\}\]\] nil\]$/);
    });

    test("a client without close-refusals is refused by status", async () => {
      const url = `${server().url}?client-id=${fresh("f")}&codec=edn&unauthorized=1`;
      const { status } = await refusalOf(`${url}&sente-lite=1&attempt=1&features=sessions`);
      expect(status).toBe(401);
    });
  });
}
