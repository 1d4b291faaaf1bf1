import { equal, normalise } from "@sente-lite/protocol";
import { normaliseJson } from "@sente-lite/protocol/json";
import { describe, expect } from "vitest";
import { sampleFor } from "../../fixture/sample.ts";
import { eventsOf, withId } from "../client/section.ts";
import { joinOpen, type PairSection, shareClient, shareServer } from "./section.ts";

/** What each codec has to carry, there and back. */
export function valueTests(section: PairSection): void {
  const { target, test } = section;
  const arriving = target.codec === "json" ? normaliseJson : normalise;

  describe("client and server: values", () => {
    const server = shareServer(section);
    const open = shareClient(section, server);

    test("a value of every kind goes there and comes back", async () => {
      const sample = Object.entries(sampleFor(target.codec));
      const replies = await Promise.all(sample.map(([, value]) => open().requestFn(["test/echo", value])));
      // Twice over the wire.
      const different = sample.filter(([, value], i) => !equal(replies[i], arriving(arriving(value))));
      expect(different.map(([kind]) => kind)).toEqual([]);
    });

    test("buffers, typed arrays and views arrive as their bytes", async () => {
      const buffer = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer;
      const held = [buffer, new Uint16Array(buffer, 2, 2), new Float64Array(buffer), new DataView(buffer, 1, 3)];
      expect(await open().requestFn(["test/echo", held])).toEqual(
        arriving([
          new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]),
          new Uint8Array([3, 4, 5, 6]),
          new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]),
          new Uint8Array([2, 3, 4]),
        ]),
      );
    });

    test("a Blob is refused where it is sent, with the line that reads it", () => {
      const { Blob } = globalThis as unknown as { readonly Blob: new (parts: readonly string[]) => unknown };
      const send = () => open().sendFn(["test/echo", { picture: new Blob(["x"]) }]);
      expect(send).toThrow(expect.objectContaining({ name: "EncodeError", code: "blob", path: ["picture"] }));
      expect(send).toThrow("await blob.arrayBuffer()");
    });

    test("every kind of value survives a push", async () => {
      const { client, messages } = await joinOpen(section, server(), `uid=types-${target.codec}`);
      client.sendFn(["test/types"]);
      const { data } = await messages.next(withId("test/types"));
      const sample = arriving(sampleFor(target.codec)) as Readonly<Record<string, unknown>>;
      const different = Object.keys(sample).filter(
        (kind) => !equal((data as Record<string, unknown>)[kind], sample[kind]),
      );
      expect(different).toEqual([]);
    });

    test("the client is told who it is", async () => {
      const { client } = await joinOpen(section, server(), "uid=ann", { clientId: "tab-1" });
      expect(client.state.get()).toMatchObject({
        uid: "ann",
        handshakeData: { server: "sente-lite", runtime: target.server },
      });
      expect(await client.requestFn(["test/whoami"])).toEqual({ uid: "ann", "client-id": "tab-1" });
    });

    test("a burst of 1000 arrives complete and in order", async () => {
      const { client, messages } = await joinOpen(section, server());
      await client.requestFn(["test/burst", 1_000]);
      const expected = Array.from({ length: 1_000 }, (_, i) => ["test/item", { i }]);
      expect(eventsOf(messages)).toEqual(expected);
    });

    test("what was pushed arrives as it was then, whatever becomes of the data", async () => {
      const { client, messages } = await joinOpen(section, server(), "uid=changed");
      client.sendFn(["test/push-changed"]);
      const { data } = await messages.next(withId("test/pushed"));
      expect(equal(data, arriving({ inner: { text: "as pushed" }, list: [{ text: "as pushed" }] }))).toBe(true);
    });

    test("half a megabyte goes there and comes back", async () => {
      const { client } = await joinOpen(section, server());
      const text = "0123456789abcdef☃".repeat(25_000);
      expect(await client.requestFn(["test/echo", text])).toBe(text);
    });
  });
}
