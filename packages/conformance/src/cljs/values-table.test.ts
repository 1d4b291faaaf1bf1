import { readFile } from "node:fs/promises";
import { runInNewContext } from "node:vm";
import { makeChannelSocketServer, startRouter } from "@sente-lite/node";
import * as protocol from "@sente-lite/protocol";
import { edn } from "@sente-lite/protocol/edn";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Clojure, root, startNbb, startScittle } from "./clojure.ts";

// The table of values in docs/for-clojurists.md, row by row.

const page = await readFile(`${root}docs/for-clojurists.md`, "utf8");
const rows = [...page.matchAll(/^\| `(.+)` \| `(.+)` \| `(.+)` \|$/gm)].map(([, sent = "", js = "", back = ""]) => {
  return { sent, js, back, value: runInNewContext(`(${js})`, { ...protocol }) as unknown };
});

it("the table is there", () => {
  expect(rows.length).toBeGreaterThan(15);
});

describe.each([
  ["nbb", startNbb],
  ["Scittle", startScittle],
] as const)("in %s", (_place, start) => {
  const server = makeChannelSocketServer({ allowedOrigins: "*" });
  let clojure: Clojure;
  let received: unknown;
  beforeAll(async () => {
    startRouter(server, {
      "test/row": ({ data }) => {
        const [index, value] = data as [number, unknown];
        received = value;
        return rows[index]?.value ?? null;
      },
    });
    const { url } = await server.listen();
    clojure = await start();
    await clojure.evaluate(`
      (require '[sente-lite.client :as sente])
      (def client (sente/make-channel-socket-client! "${url}"))`);
  });
  afterAll(async () => {
    await clojure?.stop();
    await server.close();
  });

  it.each(rows.map((row, index) => ({ ...row, index })))("$sent is $js, and that is $back", async (row) => {
    const { sent, value, back, index } = row;
    const got = await clojure.evaluate(
      `(.then ((:request-fn client) [:test/row [${index} ${sent}]]) (fn [got] (if (= ${back} got) "as it says" got)))`,
    );
    expect(got).toBe('"as it says"');
    expect([protocol.equal(received, value), edn.encode(received)]).toEqual([true, edn.encode(value)]);
  });
});
