import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { makeChannelSocketClient, makeChannelSocketServer } from "@sente-lite/node";
import { afterEach, describe, expect, it } from "vitest";
import { type Clojure, nbbArguments, root, source, startNbb, startScittle } from "./clojure.ts";
import { startProgram } from "./program.ts";

// The snippets of the document that this package follows, as they were written there: only addresses differ, and what a
// comment says is the test's.

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function started(start: () => Promise<Clojure>): Promise<Clojure> {
  const clojure = await start();
  ends.push(clojure.stop);
  return clojure;
}

/** Resolves when the form is true, asked again as soon as it was answered. */
async function until(clojure: Clojure, form: string): Promise<void> {
  await expect.poll(() => clojure.evaluate(form), { timeout: 20_000, interval: 10 }).toBe("true");
}

const places = [
  ["nbb", startNbb],
  ["Scittle", startScittle],
] as const;

describe.each(places)("in %s", (_name, start) => {
  it("the client of the snippet routes, and takes from the channel, what a server says", async () => {
    const server = makeChannelSocketServer({ allowedOrigins: "*" });
    ends.push(() => server.close());
    const { url } = await server.listen();
    const clojure = await started(start);
    server.chRecv.on("chsk/uidport-open", () => server.broadcastFn(["chat/message", { text: "hi" }]));
    await clojure.evaluate((await source("seed-client.cljs")).replace('"/chsk"', `"${url}"`));
    await until(clojure, '(= [[:chat/message {:text "hi"}]] (:chat @my-app.client/seen))');
    await until(clojure, "(= [:chsk/state :chsk/handshake :chat/message] (distinct (:messages @my-app.client/seen)))");
    expect(await clojure.evaluate("(:states @my-app.client/seen)")).toBe("[false true]");
  });

  it("step functions keep their state, and their outputs are dispatched", async () => {
    const server = makeChannelSocketServer({ allowedOrigins: "*" });
    ends.push(() => server.close());
    const { url } = await server.listen();
    const clojure = await started(start);
    await clojure.evaluate(await source("seed-step.cljs"));
    server.chRecv.on("chsk/uidport-open", () => server.broadcastFn(["chat/message", { user: "ann", text: "hi" }]));
    await clojure.evaluate(`
      (my-app.steps/start! (:ch-recv (sente-lite.client/make-channel-socket-client! "${url}" {})))`);
    await until(clojure, "(= 2 (count @my-app.steps/seen))");
    expect(await clojure.evaluate("(map #(select-keys % [:user :text]) (:messages @my-app.steps/chat-state))")).toBe(
      '({:user "ann", :text "hi"})',
    );
    expect(
      await clojure.evaluate(`(let [[{[id message] :event} metrics] @my-app.steps/seen]
                                [id (select-keys message [:user :text]) (uuid? (:id message)) metrics
                                 (:id (meta message))])`),
    ).toBe(
      '[:chat/message {:user "ann", :text "hi"} true {:type :metrics, :data {:messages-processed 1}} :chat/message]',
    );
  });

  it("the error channel tells its listeners", async () => {
    const clojure = await started(start);
    await clojure.evaluate(await source("seed-errors.cljs"));
    expect(await clojure.evaluate("@my-app.errors/logged")).toBe(
      '[("System error:" "cannot send" "in" {:operation :send, :msg [:chat/message "hi"]})]',
    );
    expect(await clojure.evaluate("(count @(:errors my-app.errors/error-chan))")).toBe("1");
  });
});

it("the server of the snippet, mounted on an HTTP server, knows its users and answers them", async () => {
  const clojure = await started(startNbb);
  await clojure.evaluate(await source("seed-server.cljs"));
  const port = await clojure.evaluate("my-app.server/port");
  const client = makeChannelSocketClient(`ws://127.0.0.1:${port}/chsk`, { clientId: "ann" });
  ends.push(client.close);
  const pushed = new Promise((resolve) => client.chRecv.once("chat/message", ({ data }) => resolve(data)));
  const reply = await client.requestFn(["chat/message", { text: "hello" }]);
  expect(reply).toEqual([expect.objectContaining({ fqn: "read-by" }), "ann"]);
  expect(await pushed).toEqual({ text: "hello" });
  expect(client.state.get()).toMatchObject({ uid: "ann", handshakeData: { "csrf-token": "..." } });
});

it("the chat server of the snippet, by its step function, tells everybody", async () => {
  const clojure = await started(startNbb);
  await clojure.evaluate(await source("seed-chat-server.cljs"));
  const port = await clojure.evaluate("(.then ((:listen! my-app.server/server)) #(:port %))");
  const clients = ["ann", "bob"].map((clientId) =>
    makeChannelSocketClient(`ws://127.0.0.1:${port}/chsk`, { clientId }),
  );
  ends.push(() => clients.map(({ close }) => close()));
  await Promise.all(clients.map(({ ready }) => ready()));
  const heard = clients.map(
    ({ chRecv }) => new Promise((resolve) => chRecv.once("chat/message", ({ data }) => resolve(data))),
  );
  clients[0]?.sendFn(["chat/send", { text: "hello" }]);
  const message = { user: "ann", text: "hello", timestamp: expect.any(Number) };
  expect(await Promise.all(heard)).toEqual([message, message]);
});

it("the server and the client of the snippets in nbb talk to each other", async () => {
  const folder = await mkdtemp(join(root, "packages/conformance/src/cljs/.seed-"));
  ends.push(() => rm(folder, { recursive: true }));
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  const run = async (name: string) => {
    const file = join(folder, name);
    await writeFile(file, (await source(name)).replace("3000", String(port)));
    const program = startProgram(process.execPath, nbbArguments(file), root);
    ends.push(program.kill);
    return program;
  };
  const server = await run("seed-nbb-server.cljs");
  const client = await run("seed-nbb-client.cljs");
  await server.line("Message from client-123 : [:chat/message {:text Hello from nbb!}]");
  await client.line("Got message: [:chat/message [:chat/message {:text Hello from nbb!}]]");
});
