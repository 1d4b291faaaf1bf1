import type { ClientOptions } from "@sente-lite/protocol";
import { describe, expect } from "vitest";
import { codecs } from "../../codecs.ts";
import { type ClientSection, cbIdOf, isOpen, stageClient, until } from "./section.ts";

/** Options as a program in JavaScript may give them. */
function loose(options: object): ClientOptions {
  return options;
}

export function optionTests(section: ClientSection): void {
  const { target, test } = section;

  describe("options", () => {
    const wrong: readonly (readonly [options: object, code: string, told: string])[] = [
      [{ pingInterval: 1 }, "unknown-option", "pingIntervalMs"],
      [{ clientID: "c" }, "unknown-option", "clientId"],
      [{ csrftoken: undefined }, "unknown-option", "csrfToken"],
      [{ onSessionLoss: "resend" }, "unknown-option", "onSessionLost"],
      [{ onSessionLost: "retry" }, "bad-option", "onSessionLost"],
      [{ clientId: "" }, "bad-option", "clientId"],
      [{ clientId: 7 }, "bad-option", "clientId"],
      [{ params: "a=b" }, "bad-option", "params"],
      [{ codec: "edn" }, "bad-codec", "codec"],
      [{ contract: {} }, "bad-contract", "defineContract"],
      [{ pingIntervalMs: Number.NaN }, "bad-limit", "pingIntervalMs"],
      [{ requestTimeoutMs: "1000" }, "bad-limit", "requestTimeoutMs"],
      [{ maxPayloadBytes: 0 }, "bad-limit", "maxPayloadBytes"],
    ];
    for (const [options, code, told] of wrong) {
      test(`${JSON.stringify(options)} is refused when the client is made`, () => {
        const make = () => target.makeClient("ws://127.0.0.1:1/chsk", loose(options)).close();
        expect(make).toThrow(expect.objectContaining({ name: "UsageError", code }));
        expect(make).toThrow(told);
      });
    }

    test("an address that can never be one is refused", () => {
      for (const address of ["ftp://127.0.0.1/chsk", "ws://", 7, undefined, null] as unknown as string[]) {
        expect(() => target.makeClient(address, { codec: codecs.edn }).close(), String(address)).toThrow(
          expect.objectContaining({ name: "UsageError", code: "bad-url" }),
        );
      }
    });

    test("those of a call are checked too", async () => {
      const { client } = await stageClient(section);
      const timeouts = [Number.NaN, -1, "10", null, {}] as unknown as number[];
      for (const timeoutMs of timeouts) {
        await expect(client.requestFn(["a/b"], { timeoutMs })).rejects.toMatchObject({ code: "bad-limit" });
        expect(() => client.sendFn(["a/b"], timeoutMs, () => {})).toThrow(
          expect.objectContaining({ name: "UsageError", code: "bad-limit" }),
        );
      }
      const misspelt = { timeout: 5 } as object;
      await expect(client.requestFn(["a/b"], misspelt)).rejects.toMatchObject({ code: "unknown-option" });
      await expect(client.ready({ singal: undefined } as object)).rejects.toMatchObject({ code: "unknown-option" });
      expect(() => client.trace(() => {}, { payload: true } as object)).toThrow(/"payloads"/);
    });

    test("0 switches a timeout off: an attempt and a request take their time", async () => {
      const { stage, client } = await stageClient(section, {
        connectTimeoutMs: 0,
        requestTimeoutMs: 0,
        pingIntervalMs: 0,
      });
      const connection = await stage.greet();
      await until(client.state, isOpen);
      const replies = [client.requestFn(["a/b", 1]), client.requestFn(["a/b", 2], { timeoutMs: 0 })];
      const asked = await connection.takeFrames(2);
      // All that a timer of 0 would have done comes before what this request waits for.
      await expect(client.requestFn(["a/b", 3], { timeoutMs: 20 })).rejects.toMatchObject({ code: "timeout" });
      for (const frame of asked) connection.send(`["late" "${cbIdOf(frame)}"]`);
      expect(await Promise.all(replies)).toEqual(["late", "late"]);
      expect(connection.received.filter((frame) => frame.includes("ws-ping"))).toEqual([]);
    });

    test("requests time out, and connections come back, while Date stands still or is set", async () => {
      const { stage, client } = await stageClient(section);
      await stage.greet();
      await until(client.state, isOpen);
      const { now } = Date;
      const at = now();
      try {
        Date.now = () => at;
        await expect(client.requestFn(["a/b"], { timeoutMs: 30 })).rejects.toMatchObject({ code: "timeout" });
        client.chsk.breakConnection();
        const connection = await stage.greet();
        await until(client.state, isOpen);
        const slow = client.requestFn(["a/slow"], { timeoutMs: 60_000 });
        const frame = await connection.frame();
        Date.now = () => at + 3_600_000;
        // This one's timer looks at all that is due.
        await expect(client.requestFn(["a/b"], { timeoutMs: 30 })).rejects.toMatchObject({ code: "timeout" });
        connection.send(`["done" "${cbIdOf(frame)}"]`);
        expect(await slow).toBe("done");
      } finally {
        Date.now = now;
      }
    });
  });
}
