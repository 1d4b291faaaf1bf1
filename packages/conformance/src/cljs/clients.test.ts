import { kw, makeChannelSocketServer, ReplyError, startRouter } from "@sente-lite/node";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { servers } from "../targets/servers.ts";
import type { RunningServer } from "../targets/target.ts";
import { type Clojure, startNbb, startScittle } from "./clojure.ts";
import { sampleInClojure } from "./sample.ts";
import { values } from "./values.ts";

// The client in nbb and in Scittle, against the server of each runtime.

const places = [
  ["nbb", startNbb],
  ["Scittle", startScittle],
] as const;

/** All that keep every value; gzip's wrapper needs what a page's script does not have. */
const lossless = ["transit-json", "edn", "transit-msgpack", "sente-msgpack"];

describe.each(places)("the client in %s", (place, start) => {
  const codecsThere = place === "nbb" ? [...lossless, "edn-gzip"] : lossless;
  let clojure: Clojure;
  const evaluate = (code: string) => clojure.evaluate(code);
  beforeAll(async () => {
    clojure = await start();
    await evaluate(`
      (require '[sente-lite.client :as sente] '[sente-lite.async :refer [go-loop <!]] 'sente-lite.peer)
      (def made (atom nil))
      (defn wait-for [watched accepts?]
        (js/Promise. (fn [resolve]
                       (let [k (js/Symbol)
                             check (fn [value] (when (accepts? value) (remove-watch watched k) (resolve value)))]
                         (add-watch watched k (fn [_ _ _ value] (check value)))
                         (check @watched)))))
      (defn ask [event] ((:request-fn @made) event))`);
  });
  afterAll(() => clojure?.stop());

  describe.each(servers)("with a server on $name", (target) => {
    let server: RunningServer | undefined;
    afterEach(async () => {
      await evaluate("(when @made ((:close! @made)) nil)");
      await server?.stop();
      server = undefined;
    });

    /** Connects, as `uid`; the client is `@made`. */
    const connect = async (uid: string, options = "") => {
      server = await target.start({ options: { allowedOrigins: "*" } });
      await evaluate(`
          (reset! made (sente/make-channel-socket-client! "${server.url}"
                       {:type :auto :client-id (random-uuid) :params {:uid "${uid}"} ${options}}))
        (wait-for (:state @made) :open?)
        `);
    };
    it.each(codecsThere)("every value comes back as it was sent, in %s", async (codec) => {
      await connect("ann", `:serialization :${codec}`);
      for (const [sent, arrives = sent] of values) {
        const same = `(.then (ask [:test/echo ${sent}]) (fn [got] (if (= got ${arrives}) true got)))`;
        expect([sent, await evaluate(same)]).toEqual([sent, "true"]);
      }
    });

    it("JavaScript holds what Clojure sent, and Clojure what JavaScript sends", async () => {
      await connect("ann", ":serialization :edn");
      const sent =
        '{[1 :v] #{:k}, "b" [#uuid "f81d4fae-7dec-11d0-a765-00a0c91e6bf6" #inst "2026-01-02T03:04:05.678-00:00"]}';
      await evaluate(`((:send-fn @made) [:test/echo ${sent}])`);
      const line = await server?.next(({ event }) => event?.[0] === "test/echo", 20_000);
      expect(line?.event?.[1]).toEqual({ edn: sent });
      await evaluate(`
        (def got (atom nil))
        ((:on (:ch-recv @made)) :test/types (fn [{:keys [?data]}] (reset! got ?data)))
        ((:send-fn @made) [:test/types])
        (wait-for got some?)`);
      const wrong = `(into {} (remove (fn [[k v]] (= v (get @got k)))) ${sampleInClojure})`;
      expect(await evaluate(wrong)).toBe("{}");
      expect(await evaluate("[(js/isNaN (:nan @got)) (vec (js/Array.from (:bytes @got))) (count @got)]")).toBe(
        "[true [0 1 127 128 255] 40]",
      );
    });

    it("the state is an atom with Sente's keys, which can be watched", async () => {
      await connect("ann");
      expect(await evaluate("(select-keys @(:state @made) [:open? :ever-opened? :first-open? :uid :status])")).toBe(
        '{:open? true, :ever-opened? true, :first-open? true, :uid "ann", :status :open}',
      );
      expect(await evaluate("(:handshake-data @(:state @made))")).toContain(`:runtime "${target.name}"`);
      await evaluate(`
        (def seen (atom []))
        (add-watch (:state @made) :seen (fn [_ _ before after] (swap! seen conj [(:open? before) (:open? after)])))
        (sente/chsk-break-connection! (:chsk @made))
        (wait-for seen #(some #{[false true]} %))`);
      expect(await evaluate("[(first @seen) (last @seen) (:resumed? @(:state @made))]")).toBe(
        "[[true false] [false true] true]",
      );
    });

    it("requests are answered: by a value, by a code, by Sente's keywords", async () => {
      await connect("ann");
      const reply = (event: string, timeout: string) =>
        evaluate(`(js/Promise. (fn [resolve] ((:send-fn @made) ${event} ${timeout} resolve)))`);
      expect(await reply("[:test/echo {:a #{1}}]", "5000")).toBe("{:a #{1}}");
      expect(await reply("[:test/echo nil]", "5000")).toBe("nil");
      expect(await reply("[:test/throw]", "5000")).toBe(":chsk/error");
      expect(await reply("[:test/never]", "20")).toBe(":chsk/timeout");
      expect(await evaluate(`(.catch (ask [:test/refuse {:why [:not :allowed]}]) (fn [e] (ex-data e)))`)).toBe(
        "{:code :not-allowed, :data {:why [:not :allowed]}}",
      );
      await evaluate("((:close! @made))");
      expect(await reply("[:test/echo 1]", "5000")).toBe(":chsk/closed");
    });

    it("what cannot be sent throws where it was sent, with a code and the path", async () => {
      await connect("ann");
      const thrown = (event: string) =>
        evaluate(`(try ((:send-fn @made) ${event}) "sent"
                    (catch :default e (let [e (sente-lite.peer/cause e)] [(.-code e) (vec (.-path e))])))`);
      expect(await thrown("[:test/echo {:a [1 (atom 2)]}]")).toBe('["class-instance" ["a" 1]]');
      expect(await thrown("[:test/echo [(fn [])]]")).toBe('["not-a-value" [0]]');
      expect(await thrown('[:test/echo (keyword "a b")]')).toMatch(/^\["bad-keyword"/);
      expect(await thrown("[:unqualified]")).toMatch(/^\["bad-event-id"/);
      expect(await evaluate("(ask [:test/echo :still-here])")).toBe(":still-here");
    });

    it("what is sent and pushed arrives once and in order, though the connection is cut on the way", async () => {
      await connect("ann");
      await evaluate(`
        (def items (atom []))
        (def echoed (atom []))
        (sente/start-router! (:ch-recv @made)
          (fn [{:keys [id ?data]}]
            (case id :test/item (swap! items conj (:i ?data)) :test/echoed (swap! echoed conj ?data) nil)))
        (doseq [n (range 20)]
          ((:send-fn @made) [:test/burst 100])
          ((:send-fn @made) [:test/echo n])
          (when (= 3 (mod n 8)) (.breakConnection (:chsk @made))))
        nil`);
      await evaluate("(wait-for items #(= 400 (count %)))");
      await evaluate("(.breakConnection (:chsk @made))");
      await evaluate("(wait-for echoed #(= 20 (count %)))");
      await evaluate("(wait-for items #(<= 2000 (count %)))");
      expect(await evaluate("(= @echoed (range 20))")).toBe("true");
      expect(await evaluate("(= @items (apply concat (repeat 20 (range 100))))")).toBe("true");
      expect(await evaluate("(ask [:test/echo :after])")).toBe(":after");
      expect(await evaluate("[(count @items) (count @echoed)]")).toBe("[2000 20]");
    });

    it("a handler that throws is told to the error channel, and the others go on", async () => {
      await connect("ann");
      await evaluate(`
        (def reports (atom []))
        (def got (atom []))
        ((:listen! (:error-chan @made)) #(swap! reports conj %))
        ((:on (:ch-recv @made)) :test/pushed (fn [_] (throw (ex-info "from a listener" {:a 1}))))
        ((:on (:ch-recv @made)) :test/pushed (fn [{:keys [?data]}] (swap! got conj ?data)))
        (sente/start-router! (:ch-recv @made)
          (fn [{:keys [id]}] (when (= :test/pushed id) (js/Promise.reject (ex-info "from a router" {:b 2})))))
        ((:send-fn @made) [:test/push-me 1])
        ((:send-fn @made) [:test/push-me 2])
        (wait-for reports #(= 4 (count %)))`);
      expect(await evaluate("(sort (map (comp ex-message :error) @reports))")).toBe(
        '("from a listener" "from a listener" "from a router" "from a router")',
      );
      expect(await evaluate("(set (map (comp ex-data :error) @(:error-chan @made)))")).toBe("#{{:a 1} {:b 2}}");
      expect(await evaluate("(set (map (comp :id :context) @reports))")).toBe("#{:test/pushed}");
      expect(await evaluate("@got")).toBe("[1 2]");
    });

    it("go-loop takes from the channel what arrives, in order", async () => {
      await connect("ann");
      await evaluate(`
        (def taken (atom []))
        (go-loop []
          (when-let [msg (<! (:ch (:ch-recv @made)))]
            (swap! taken conj (:event msg))
            (recur)))
        (doseq [n (range 50)] ((:send-fn @made) [:test/echo n]))
        (wait-for taken (fn [all] (= [:test/echoed 49] (last all))))`);
      expect(
        await evaluate("(= (filter #(= :test/echoed (first %)) @taken) (map #(vector :test/echoed %) (range 50)))"),
      ).toBe("true");
    });
  });

  it("a room is joined, and joined again with its position: what came meanwhile comes once, and who is in it is told", async () => {
    const joinFn = ({ room }: { room: string }) => room !== "room/shut" || new ReplyError("members-only");
    const sendFn = () => true;
    const rooms = { "room/*": { joinFn, sendFn, history: { size: 5 }, members: true } };
    const server = makeChannelSocketServer({ allowedOrigins: "*", userIdFn: () => "ann", rooms });
    const { url } = await server.listen();
    const say = (n: number) => server.sendFn({ room: "room/tea" }, ["test/said", { n }]);
    say(1);
    await evaluate(`
      (reset! made (sente/make-channel-socket-client! "${url}"))
      (def tea ((:room @made) "room/tea" {:since nil}))
      (def got (atom []))
      ((:on (:ch-recv tea)) :test/said #(swap! got conj (select-keys % [:?data :uid])))
      (wait-for (:members tea) #(= {:uids #{"ann"} :count 1 :complete? true} %))`);
    expect(await evaluate(`(.then ((:history tea) {:limit 3}) (fn [part] (map :?data (:entries part))))`)).toBe(
      "({:n 1})",
    );
    await evaluate("((:send-fn tea) [:test/said {:n 2}]) (wait-for got #(= 1 (count %)))");
    const typed = new Promise((resolve) => server.chRecv.on("test/typing", ({ data }) => resolve(data)));
    await evaluate(`
      (def typing (js/Promise. (fn [resolve] ((:on (:ch-recv tea)) :test/typing #(resolve (:position %))))))
      ((:send-fn tea) [:test/typing] {:volatile? true})
      ((:send-fn @made) [:test/typing :too] {:volatile? true})`);
    expect(await evaluate("typing")).toBe("nil");
    expect(await typed).toEqual(kw("too"));
    server.disconnectFn("ann");
    say(3);
    expect(
      await evaluate(
        `(.then (wait-for got #(= 2 (count %))) (fn [_] [@got (:recovered? @(:state tea)) (:offset ((:position tea)))]))`,
      ),
    ).toBe('[[{:?data {:n 2}, :uid "ann"} {:?data {:n 3}, :uid nil}] true 3]');

    expect(
      await evaluate(`
        (def before ((:position tea)))
        ((:leave! tea))
        (:status @(:state tea))`),
    ).toBe(":left");
    say(4);
    await evaluate(`
      (def again ((:room @made) "room/tea" {:since before}))
      ((:on (:ch-recv again)) :* #(swap! got conj (:event %)))
      (wait-for got #(= 3 (count %)))`);
    expect(await evaluate("(last @got)")).toBe("[:test/said {:n 4}]");
    expect(
      await evaluate(`
        (def shut ((:room @made) "room/shut"))
        (.then (wait-for (:state shut) #(= :refused (:status %))) #(:code %))`),
    ).toBe(":members-only");
    await evaluate("((:close! @made))");
    await server.close();
  });

  it("a reply that cannot be read is :chsk/error to its asker, and reported", async () => {
    const hostile = makeChannelSocketServer({ allowedOrigins: "*" });
    const text = (bits: number) => Array.from({ length: 11 }, (_, i) => ((bits >> i) & 1 ? "Aa" : "BB")).join("");
    startRouter(hostile, { "test/keys": () => new Set(Array.from({ length: 2_000 }, (_, bits) => text(bits))) });
    const { url } = await hostile.listen();
    await evaluate(`
      (reset! made (sente/make-channel-socket-client! "${url}"))
      ((:listen! (:error-chan @made)) (fn [_]))`);
    expect(await evaluate("(js/Promise. (fn [resolve] ((:send-fn @made) [:test/keys] 20000 resolve)))")).toBe(
      ":chsk/error",
    );
    expect(await evaluate("(map (comp :code ex-data :error) @(:error-chan @made))")).toBe("(:colliding-keys)");
    expect(await evaluate("(.catch (ask [:test/keys]) #(:code (ex-data (sente-lite.peer/cause %))))")).toBe(
      ":colliding-keys",
    );
    await evaluate("((:close! @made))");
    await hostile.close();
  });

  it("a socket that fails is :chsk/error", async () => {
    const gone = makeChannelSocketServer();
    const { url } = await gone.listen();
    await gone.close();
    await evaluate(`
      (reset! made (sente/make-channel-socket-client! "${url}" {:connect false}))
      (def failed (atom nil))
      ((:listen! (:error-chan @made)) (fn [_]))
      ((:on (:ch-recv @made)) :chsk/error (fn [{:keys [event]}] (reset! failed event)))
      (sente/chsk-connect! (:chsk @made))
      (wait-for failed some?)`);
    expect(await evaluate("[(first @failed) (some? (first (second @failed)))]")).toBe("[:chsk/error true]");
    await evaluate("((:close! @made))");
  });
});
