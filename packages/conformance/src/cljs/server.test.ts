import { once } from "node:events";
import { makeChannelSocketClient, ReplyError } from "@sente-lite/node";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { codecs } from "../codecs.ts";
import { fixtureProcess, fixtures } from "../targets/fixtures.ts";
import { type Clojure, startNbb, startScittle } from "./clojure.ts";
import { values } from "./values.ts";

// The server in nbb, with the clients of every runtime, in pages, and with peers that mean no good.

let nbb: Clojure;
let url: string;
const ends: (() => unknown)[] = [];
const evaluate = (code: string) => nbb.evaluate(code);

beforeAll(async () => {
  nbb = await startNbb();
  await evaluate(`
    (require '[sente-lite.nbb :as sente] 'sente-lite.server)
    (def seen (atom []))
    (def reports (atom []))
    (def server (sente/make-nbb-server! {:allowed-origins :all
                                         :user-id-fn (fn [req] (get-in req [:params :uid] (:client-id req)))
                                         :authorized?-fn (fn [{:keys [params]}]
                                                           (when-not (:no params)
                                                             (cond-> {:may :speak}
                                                               (:ends params) (assoc :expires-at (js/parseInt (:ends params)))
                                                               (:inst params) (assoc :expires-at (js/Date. (:inst params))))))
                                         :handshake-data-fn (fn [_] {:runtime :nbb, "n" #{1}})}))
    ((:listen! (:error-chan server)) #(swap! reports conj %))
    (sente/start-router! (:ch-recv server)
      (fn [{:keys [id event uid context ?data ?reply-fn send-fn]}]
        (swap! seen conj [id uid])
        (case id
          :test/echo (if ?reply-fn (?reply-fn ?data) (send-fn uid [:test/echoed ?data]))
          :test/burst (dotimes [i ?data] (send-fn uid [:test/item {:i i}]))
          :test/context (?reply-fn [context (:ws @(:connected-uids server))])
          :test/later (js/Promise. (fn [resolve] (js/setTimeout #(do (?reply-fn :later) (resolve nil)) 1)))
          :test/throw (throw (ex-info "thrown" {:a 1}))
          :test/decline (?reply-fn (sente/reply-error :not-now {:retry #inst "2026-01-02"}))
          :test/refuse (throw (sente/reply-error :not-allowed {:why #{:because}}))
          nil)))`);
  url = `${JSON.parse(await evaluate("(.then (:listening server) #(:url %))"))}/chsk`;
});
afterAll(() => nbb?.stop());
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

describe.each(fixtures)("with a client on $runtime", (fixture) => {
  it("values, replies, refusals, pushes: each as it was meant, with the connection cut on the way", async () => {
    const client = fixtureProcess("client", fixture, ["--url", `${url}?uid=${fixture.runtime}`, "--codec", "edn"]);
    ends.push(() => client.kill());
    const { state } = await client.lines.next((line) => line.state?.open === true, 20_000);
    expect(state).toMatchObject({ uid: fixture.runtime, handshakeData: { runtime: "nbb", n: [1] } });
    const ask = async (event: readonly unknown[]) => {
      client.tell({ op: "request", event, tag: event[0] });
      const { reply, error, data } = await client.lines.next((line) => line.tag === event[0], 20_000);
      return error === undefined ? reply : [error, data];
    };
    expect(await ask(["test/echo", { a: [1, { b: null }] }])).toEqual({ a: [1, { b: null }] });
    expect(await ask(["test/context"])).toEqual([{ may: "speak" }, expect.arrayContaining([fixture.runtime])]);
    expect(await ask(["test/later"])).toBe("later");
    expect(await ask(["test/throw"])).toEqual(["error", null]);
    expect(await ask(["test/refuse"])).toEqual(["not-allowed", { why: ["because"] }]);

    client.tell({ op: "send", event: ["test/burst", 300] });
    client.tell({ op: "break" });
    client.tell({ op: "send", event: ["test/burst", 300] });
    await client.lines.next(({ event }) => event?.[0] === "test/item", 20_000);
    client.tell({ op: "break" });
    const items = () => client.lines.all.filter(({ event }) => event?.[0] === "test/item");
    await expect.poll(() => items().length, { timeout: 20_000 }).toBeGreaterThanOrEqual(600);
    expect(await ask(["test/echo", "after"])).toBe("after");
    const order = Array.from({ length: 300 }, (_, i) => ({ i }));
    expect(items().map(({ event }) => event?.[1])).toEqual([...order, ...order]);
  });
});

it("a page with the bundle, and one with Scittle, have the server's values and give it theirs", async () => {
  const scittle = await startScittle();
  ends.push(scittle.stop);
  await scittle.evaluate(`
    (require '[sente-lite.client :as sente])
    (def client (sente/make-channel-socket-client! "${url}" {:params {:uid "scittle"}}))
    (defn ask [event] ((:request-fn client) event))`);
  for (const [sent, arrives = sent] of values) {
    expect([sent, await scittle.evaluate(`(.then (ask [:test/echo ${sent}]) #(= ${arrives} %))`)]).toEqual([
      sent,
      "true",
    ]);
  }
  expect(await scittle.evaluate("(:handshake-data @(:state client))")).toBe('{:runtime :nbb, "n" #{1}}');
  expect(await scittle.evaluate("(.catch (ask [:test/refuse]) ex-data)")).toBe(
    "{:code :not-allowed, :data {:why #{:because}}}",
  );
  expect(
    await scittle.evaluate(`
      (let [plain (js/SenteLite.makeChannelSocketClient "${url}" #js {:params #js {:uid "page"}})]
        (.then (.requestFn plain #js ["test/echo" #js {:tags (js/Set. #js [(js/SenteLite.kw "a/b")])}])
               (fn [reply] (.close plain) (js/SenteLite.edn.encode reply))))`),
  ).toBe('"{:tags #{:a/b}}"');
});

it.each(Object.values(codecs))("speaks $name with a client that asks for it", async (codec) => {
  const client = makeChannelSocketClient(url, { params: { uid: codec.name }, codec });
  ends.push(client.close);
  const sent = { text: "x".repeat(3_000), list: [1, null, true] };
  expect(await client.requestFn(["test/echo", sent])).toEqual(sent);
});

it.each([
  ["milliseconds", "ends", (ms: number) => String(ms)],
  ["an inst", "inst", (ms: number) => new Date(ms).toISOString()],
])("a login ends at its :expires-at, which is %s: 4401", async (_what, name, write) => {
  const opened = (ms: number) => {
    const query = new URLSearchParams({ "client-id": "ends", uid: "ends", [name]: write(Date.now() + ms) });
    const socket = new WebSocket(`${url}?${query}`);
    ends.push(() => socket.terminate());
    return socket;
  };
  const long = opened(3_600_000);
  const [frame] = await once(long, "message");
  expect(String(frame)).toContain("chsk/handshake");
  const [code] = await once(opened(300), "close");
  expect([code, long.readyState]).toEqual([4401, WebSocket.OPEN]);
});

it("what is asked for as its serialization is what it speaks with clients that name none", async () => {
  await evaluate(`(def binary (sente/make-nbb-server! {:serialization :transit-msgpack :allowed-origins :all}))`);
  const address = JSON.parse(await evaluate("(.then (:listening binary) #(:url %))"));
  const socket = new WebSocket(`${address}/chsk?client-id=names-none`);
  ends.push(() => socket.terminate());
  const [frame, isBinary] = await once(socket, "message");
  expect(isBinary).toBe(true);
  expect(codecs["transit-msgpack"].decode(new Uint8Array(frame))).toMatchObject([
    [{ fqn: "chsk/handshake" }, ["names-none", null, null]],
    null,
  ]);
  await evaluate("((:close! binary))");
});

it("a serialization that there is none of is refused, by the names that there are", async () => {
  const refused = `(try (sente/make-nbb-server! {:serialization :transit-mesgpack}) (catch :default e (ex-message e)))`;
  expect(await evaluate(refused)).toContain("transit-json-gzip, transit-msgpack, transit-msgpack-gzip");
});

it("a refusal that is a reply is no error", async () => {
  const client = makeChannelSocketClient(url, { params: { uid: "declined" } });
  ends.push(client.close);
  await evaluate("(reset! reports [])");
  const refusal = { code: "not-now", data: { retry: new Date("2026-01-02") } };
  await expect(client.requestFn(["test/decline"])).rejects.toMatchObject(refusal);
  expect(await evaluate("@reports")).toBe("[]");
});

it("errors of handlers are reported, with whose event it was, and counted; the process goes on", async () => {
  const client = makeChannelSocketClient(url, { params: { uid: "err" } });
  ends.push(client.close);
  await evaluate("(reset! reports [])");
  await expect(client.requestFn(["test/throw"])).rejects.toMatchObject({ code: "error" });
  expect(
    await evaluate(`(let [{:keys [error context]} (last @reports)]
                      [(ex-message error) (ex-data error) (select-keys context [:uid :id :source])])`),
  ).toBe('["thrown" {:a 1} {:uid "err", :id :test/throw, :source "handler"}]');
  const errors = Number(await evaluate("(:errors @(:metrics server))"));
  await expect(client.requestFn(["test/throw"])).rejects.toMatchObject({ code: "error" });
  expect(await evaluate("(:errors ((:report-metrics! server)))")).toBe(String(errors + 1));
  expect(await client.requestFn(["test/echo", 1])).toBe(1);
});

it("who comes and goes is in the atom, and told as the document's events and as Sente's", async () => {
  await evaluate(
    "(def uids (atom [])) (add-watch (:connected-uids server) :t (fn [_ _ _ after] (swap! uids conj (:any after))))",
  );
  await evaluate("(reset! seen [])");
  const client = makeChannelSocketClient(url, { params: { uid: "guest" } });
  await client.ready();
  expect(await evaluate('(filter #(= "guest" (second %)) @seen)')).toBe(
    '([:chsk/uidport-open "guest"] [:chsk/connected "guest"] [:chsk/client-open "guest"])',
  );
  expect(await evaluate('(contains? (last @uids) "guest")')).toBe("true");
  client.close();
  await expect
    .poll(() => evaluate('(some #{[:chsk/disconnected "guest"]} @seen)'), { timeout: 20_000 })
    .toBe('[:chsk/disconnected "guest"]');
  expect(await evaluate('(contains? (:any @(:connected-uids server)) "guest")')).toBe("false");
});

it("what authorized?-fn has nothing for is refused", async () => {
  const client = makeChannelSocketClient(url, { params: { no: "1" } });
  ends.push(client.close);
  await expect(client.ready()).rejects.toMatchObject({ code: "terminal-code" });
  expect(client.state.get().lastWsClose).toMatchObject({ code: 4401 });
});

it("hostile peers end nothing but their own connection", async () => {
  const opened = async (query: string) => {
    const socket = new WebSocket(`${url}?client-id=hostile&uid=hostile${query}`);
    ends.push(() => socket.terminate());
    socket.on("error", () => {});
    await once(socket, "open");
    return socket;
  };
  const garbage = [
    "",
    "[",
    "nil",
    '["~:test/echo"',
    "[[:test/echo {:a 1 :a 2}] nil]",
    `[${"[".repeat(50_000)}`,
    '["^ ","~:__proto__",1]',
    '[["~:test/echo",["^ ","~:__proto__",["^ ","~:x",1],"~:constructor",2]],"cb"]',
    "[[:test/echo #js [1]] nil]",
    '[[:test/echo #=(js/process.exit)] "cb"]',
    Buffer.from([0xff, 0xfe, 0]),
  ];
  for (const codec of ["edn", "transit-json", "json"]) {
    const socket = await opened(`&codec=${codec}`);
    for (const frame of garbage) socket.send(frame);
    const closed = once(socket, "close");
    socket.send("x".repeat(2 * 1024 * 1024));
    await closed;
  }
  const client = makeChannelSocketClient(url, { params: { uid: "good" } });
  ends.push(client.close);
  expect(await client.requestFn(["test/echo", "alive"])).toBe("alive");
  expect(await evaluate("(.-polluted #js {})")).toBe("nil");
  expect(nbb.complaints()).toBe("");
});

it("keys that a peer has chosen for their hash are refused, and hold nobody up", async () => {
  // Any string of these pairs has the hash of any other; and so have keywords whose namespaces they are.
  const text = (bits: number) => Array.from({ length: 14 }, (_, i) => ((bits >> i) & 1 ? "Aa" : "BB")).join("");
  const strings = Array.from({ length: 10_000 }, (_, bits) => text(bits));
  const client = makeChannelSocketClient(url, { params: { uid: "collides" } });
  ends.push(client.close);
  const colliding = [
    new Map(strings.map((key) => [key, 1])),
    new Set(strings),
    Object.fromEntries(strings.map((key) => [`${key}/of-namespace`, 1])),
  ];
  for (const data of colliding) {
    await expect(client.requestFn(["test/echo", data])).rejects.toMatchObject({ code: "error" });
    expect(await evaluate("(:code (ex-data (:error (last @reports))))")).toBe(":colliding-keys");
  }
  const many = new Map(strings.map((_, i) => [i, i]));
  expect(await client.requestFn(["test/echo", many])).toEqual(many);
});

it("options have the library's meaning: tokens, promises, codecs, several users, all but one", async () => {
  const at: string = JSON.parse(
    await evaluate(`
      (def strict (sente/make-nbb-server! {:csrf-token-fn (fn [req] (get-in req [:headers "x-expected"] "secret"))
                                           :user-id-fn (fn [req] (js/Promise.resolve (get-in req [:query-params "who"])))
                                           :serialization :edn
                                           :ping-interval-ms 20000}))
      (.then (:listening strict) #(:url %))`),
  );
  const refused = makeChannelSocketClient(at, { csrfToken: "wrong" });
  ends.push(refused.close);
  await expect(refused.ready()).rejects.toMatchObject({ code: "terminal-code" });
  const heard: string[] = [];
  const clients = ["ann", "bob", "cleo"].map((who) => {
    const client = makeChannelSocketClient(at, { csrfToken: "secret", params: { who } });
    ends.push(client.close);
    client.chRecv.on("*", ({ id }) => id.startsWith("chsk/") || heard.push(`${who} ${id}`));
    return client;
  });
  await Promise.all(clients.map(({ ready }) => ready()));
  expect(await evaluate("(sort (:any @(:connected-uids strict)))")).toBe('("ann" "bob" "cleo")');
  expect(await evaluate('((:send-fn strict) #{"ann" "bob"} [:to/several])')).toBe("{:connections 2}");
  expect(await evaluate('((:broadcast-fn strict) [:to/others 1] {:except "ann"})')).toBe("{:connections 2}");
  expect(await evaluate('((:send-fn strict) "cleo" [:to/one] :flush? true)')).toBe("{:connections 1}");
  expect(await evaluate('((:send-fn strict) "nobody" [:to/nobody])')).toBe("{:connections 0}");
  await expect
    .poll(() => heard.toSorted(), { timeout: 20_000 })
    .toEqual(["ann to/several", "bob to/others", "bob to/several", "cleo to/one", "cleo to/others"]);
  expect(await evaluate("[(:messages-sent @(:metrics strict)) (:status ((:ajax-post-fn strict) {}))]")).toBe("[5 501]");
  await evaluate("((:close! strict))");
});

it("clients are asked, one or all of a user's, and a client in nbb answers", async () => {
  const [one, other] = ["one", "other"].map((clientId) =>
    makeChannelSocketClient(url, { clientId, params: { uid: "zoe" } }),
  );
  if (one === undefined || other === undefined) throw new Error("two were made");
  ends.push(one.close, other.close);
  one.chRecv.on("test/sum", ({ data, replyFn }) => replyFn?.({ sum: data[0] + data[1] }));
  other.chRecv.on("test/sum", ({ replyFn }) => replyFn?.(new ReplyError("busy")));
  await Promise.all([one.ready(), other.ready()]);
  const ask = '((:request-fn server) {:uid "zoe" :client-id "one"} [:test/sum [1 2]] {:timeout-ms 20000})';
  expect(await evaluate(ask)).toBe("{:sum 3}");
  expect(await evaluate(`(.catch ${ask.replace("one", "none")} #(:code (ex-data %)))`)).toBe(":not-connected");
  expect(
    await evaluate(
      `(.then ((:request-all-fn server) "zoe" [:test/sum [3 4]]) #(sort-by first (map (juxt :client-id :value :code) %)))`,
    ),
  ).toBe('(["one" {:sum 7} nil] ["other" nil :busy])');
  expect(
    await evaluate(`
      (def own (sente/make-nbb-client! "${url}" {:client-id "own" :params {:uid "yan"}}))
      ((:on (:ch-recv own)) :test/who (fn [{:keys [?data ?reply-fn]}] (?reply-fn {:who ?data})))
      (.then ((:ready own))
        (fn [_] ((:request-fn server) {:uid "yan" :client-id "own"} [:test/who #{:nbb}])))`),
  ).toBe("{:who #{:nbb}}");
  await evaluate("((:close! own))");
});

it("rooms have their rules, histories and members, and are somewhere to send to", async () => {
  const at = await evaluate(`
    (def counts (atom []))
    (def hall (sente/make-nbb-server!
               {:user-id-fn #(get-in % [:params :uid])
                :authorized?-fn (fn [_] {:may #{:speak}})
                :rooms {"hall/*" {:join-fn (fn [{:keys [room uid]}]
                                             (or (not= room "hall/shut") (sente/reply-error :members-only {:not uid})))
                                  :send-fn (fn [{:keys [uid context event]}]
                                             (and (= "ann" uid) (= #{:speak} (:may context)) (= [:test/said {:n 1}] event)))
                                  :history {:size 2 :ttl-ms 60000}
                                  :members true}}}))
    ((:on-members ((:room hall) "hall/tea")) #(swap! counts conj (count %)))
    (.then (:listening hall) #(:url %))`);
  const [ann, bob] = ["ann", "bob"].map((uid) => makeChannelSocketClient(JSON.parse(at), { params: { uid } }));
  if (ann === undefined || bob === undefined) throw new Error("two were made");
  ends.push(ann.close, bob.close);
  const [anns, bobs] = [ann.room("hall/tea"), bob.room("hall/tea")];
  const heard: unknown[] = [];
  anns.chRecv.on("*", ({ event, uid }) => heard.push([event, uid]));
  const refused = new Promise((resolve) => bob.errorChan.on(({ error }) => resolve((error as { code?: string }).code)));
  await expect.poll(() => anns.members.get().count, { timeout: 20_000 }).toBe(2);
  anns.sendFn(["test/said", { n: 1 }]);
  bobs.sendFn(["test/said", { n: 1 }]);
  expect(await refused).toBe("refused");
  await evaluate('((:send-fn hall) {:room "hall/tea"} [:test/said {:n 2}])');
  await evaluate('((:send-fn hall) {:room "hall/tea"} [:test/typing] {:volatile? true})');
  await expect.poll(() => heard.length, { timeout: 20_000 }).toBe(3);
  expect(heard).toEqual([
    [["test/said", { n: 1 }], "ann"],
    [["test/said", { n: 2 }], undefined],
    [["test/typing"], undefined],
  ]);
  const shut = ann.room("hall/shut");
  await expect.poll(() => shut.state.get().code, { timeout: 20_000 }).toBe("members-only");
  expect(
    await evaluate(
      `(.then ((:history ((:room hall) "hall/tea"))) (fn [part] (map (juxt :?data :uid) (:entries part))))`,
    ),
  ).toBe('([{:n 1} "ann"] [{:n 2} nil])');
  expect(await evaluate('((:leave-fn hall) "bob" "hall/tea")')).toBe("{:connections 1}");
  expect(await evaluate('((:join-fn hall) "bob" "hall/cup")')).toBe("{:connections 1}");
  expect(await evaluate('[@counts ((:members ((:room hall) "hall/tea")))]')).toBe('[[1 2 1] #{"ann"}]');
  await evaluate("((:close! hall))");
});

it("a port that is taken is a rejected promise and a report, not the end of the process", async () => {
  const { port } = new URL(url);
  const said = await evaluate(`
    (let [other (sente/make-nbb-server! {:port ${port}})
          reported (js/Promise. (fn [resolve] ((:listen! (:error-chan other)) #(resolve (.-code (:error %))))))]
      (.then (js/Promise.all [reported (.catch (:listening other) #(.-code %))]) vec))`);
  expect(said).toBe('["EADDRINUSE" "EADDRINUSE"]');
});

it("close! ends the listener and tells clients to come again", async () => {
  const at = await evaluate("(def other (sente/make-nbb-server! {})) (.then (:listening other) #(:url %))");
  const client = makeChannelSocketClient(JSON.parse(at));
  ends.push(client.close);
  client.errorChan.on(() => {});
  await client.ready();
  await evaluate("((:close! other))");
  await expect.poll(() => client.state.get().lastWsClose?.code, { timeout: 20_000 }).toBe(1012);
});
