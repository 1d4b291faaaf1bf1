import { describe, expect } from "vitest";
import type { RawPeer } from "../../raw/raw-peer.ts";
import { connectPeer, everyCodec, expectAlive, fresh, greetPeer, type ServerSection, serverFor } from "./section.ts";

const OURS = "sente-lite=1&attempt=1&features=sessions.error-details.requests";

export function clientRequestTests(section: ServerSection): void {
  const { test } = section;

  describe("§6.11 requests to clients", () => {
    const server = serverFor(section, {
      ...everyCodec,
      options: { oneByOne: true, sessionWindowMs: 60_000, maxRequestsPerConnection: 2 },
    });
    const ours = (clientId = fresh("q")) => greetPeer(server(), `client-id=${clientId}&codec=edn&${OURS}`);
    /** Has the server ask that peer; the reply that its handler gives comes with that cb-id. */
    const ask = (peer: RawPeer, body: string, cbId = "r1") => peer.send(`[[:test/ask-me ${body}] "${cbId}"]`);

    test("requests: a client that answers them is told so", async () => {
      const peer = await connectPeer(server(), `client-id=${fresh("q")}&codec=edn&${OURS}`);
      expect(await peer.text()).toContain(':features ["sessions" "error-details" "requests"]');
    });

    test("requests: the handler of a client's event may await that client's answer, in the form of the text", async () => {
      const peer = await ours();
      ask(peer, "{:x {:name 7}}");
      expect(await peer.text()).toBe("[[[:chsk/request {:id 1, :event [:test/asked {:name 7}]}]] nil]");
      // What waits behind that handler does not hold up the answer.
      for (let n = 0; n < 100; n++) peer.send(`[[:test/echo ${n}] nil]`);
      peer.send("[[:chsk/reply {:id 1 :value true}] nil]");
      expect(await nextOf(peer, "[true ")).toBe('[true "r1"]');
      ask(peer, "{:x nil}", "r2");
      expect(await nextOf(peer, "[[[:chsk/request")).toBe("[[[:chsk/request {:id 2, :event [:test/asked nil]}]] nil]");
      peer.send("[[:chsk/reply {:id 2 :value nil}] nil]");
      expect(await nextOf(peer, "[nil ")).toBe('[nil "r2"]');
    });

    test("requests: an error tells a code, a message and data", async () => {
      const peer = await ours();
      ask(peer, "{:x 1}");
      await peer.text();
      peer.send('[[:chsk/reply {:id 1 :error {:code "busy" :message "not now" :data {:retry 5}}}] nil]');
      expect(await peer.text()).toBe('[[:chsk/error {:code "busy", :message "not now", :data {:retry 5}}] "r1"]');
    });

    test("requests: one that is not answered in time is told, and its late answer is no fault", async () => {
      const peer = await ours();
      ask(peer, "{:x 1 :timeoutMs 30}");
      await peer.text();
      expect(await peer.text()).toContain(':chsk/error {:code "timeout"');
      peer.send("[[:chsk/reply {:id 1 :value :late}] nil]");
      expect(await peer.ask('[[:test/echo 1] "r2"]')).toBe('[1 "r2"]');
    });

    test("requests: what was not asked, a second answer and junk are reported, and change nothing", async () => {
      const clientId = fresh("q");
      const peer = await ours(clientId);
      ask(peer, "{:x 1}");
      await peer.text();
      for (const body of ["{:id 2 :value 1}", "{:id 1}", "{:id -1 :value 1}", '"junk"', "{:id 1 :value 1 :error {}}"]) {
        peer.send(`[[:chsk/reply ${body}] nil]`);
      }
      peer.send("[[:chsk/reply {:id 1 :value :right}] nil]");
      peer.send("[[:chsk/reply {:id 1 :value :again}] nil]");
      expect(await peer.text()).toBe('[:right "r1"]');
      await server().next(({ error }) => typeof error === "object" && error.code === "bad-reply");
      expect(await peer.ask('[[:test/echo 1] "r2"]')).toBe('[1 "r2"]');
      await expectAlive(server());
    });

    test("requests: one that is on its way when the connection breaks is sent again in the session", async () => {
      const clientId = fresh("q");
      const first = await connectPeer(server(), `client-id=${clientId}&codec=edn&${OURS}&client-instance=i`);
      const session = /:session "([^"]+)"/.exec(await first.text())?.[1] ?? "";
      first.send("[[:chsk/ack 0] nil]");
      ask(first, "{:x 1}");
      await first.text();
      first.terminate();
      const query = `client-id=${clientId}&codec=edn&${OURS.replace("attempt=1", "attempt=2")}&client-instance=i`;
      const second = await connectPeer(server(), query, { protocols: ["sente-lite", `session.${session}.0`] });
      expect(await second.text()).toContain(":resumed? true");
      expect(await nextOf(second, "[[[:chsk/request")).toBe("[[[:chsk/request {:id 1, :event [:test/asked 1]}]] nil]");
      second.send("[[:chsk/ack 1] nil]");
      second.send("[[:chsk/reply {:id 1 :value :resumed}] nil]");
      expect(await nextOf(second, "[:resumed ")).toBe('[:resumed "r1"]');
    });

    test("requests: a peer that does not know them is not asked", async () => {
      for (const query of ["", "&sente-lite=1&attempt=1", "&sente-lite=1&attempt=1&features=sessions"]) {
        const peer = await greetPeer(server(), `client-id=${fresh("q")}&codec=edn${query}`);
        expect(await peer.ask('[[:test/ask-me {:x 1}] "r1"]')).toMatch(/^\[(\[?):chsk\/error/);
      }
      const told = await ours();
      const uid = fresh("u");
      await greetPeer(server(), `client-id=a&uid=${uid}&codec=edn`);
      await greetPeer(server(), `client-id=b&uid=${uid}&codec=edn&sente-lite=1&attempt=1`);
      expect(await told.ask(`[[:test/ask-all {:uid "${uid}" :x 1}] "r1"]`)).toBe(
        '[[["a" "unsupported"] ["b" "unsupported"]] "r1"]',
      );
      const bare = await greetPeer(server(), "");
      bare.send("[:test/ask-me {:x 1}]");
      await expectAlive(server());
    });

    test("requests: a reply from a peer that was told of none is a bad event", async () => {
      const clientId = fresh("q");
      const peer = await greetPeer(server(), `client-id=${clientId}&codec=edn`);
      peer.send("[[:chsk/reply {:id 1 :value 1}] nil]");
      await server().next((line) => line.event?.[0] === "chsk/bad-event" && line.clientId === clientId);
    });
  });
}

/** The next frame that begins so; acks and what else comes are left out. */
async function nextOf(peer: RawPeer, beginning: string): Promise<string> {
  for (;;) {
    const frame = await peer.text();
    if (frame.startsWith(beginning)) return frame;
  }
}
