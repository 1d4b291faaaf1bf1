import { isDeepStrictEqual } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { serverNames } from "../runtimes.mjs";
import { bytesOf, textOf } from "./heard.ts";
import { networkSuite } from "./network-suite.ts";
import { serversNetworkSuite, serversSuite } from "./servers-suite.ts";
import { type Driver, Stage } from "./stage.ts";
import { streamsSuite } from "./streams-suite.ts";

const numbers = (count: number, first = 1) => Array.from({ length: count }, (_, index) => `${first + index}`);

/** What a driver is judged by. */
export interface BackplaneSuiteOptions {
  /** It has a broker: then this has a network, too. */
  readonly hasBroker: boolean;
}

/** What every driver of a backplane must pass. */
export function backplaneSuite(name: string, { hasBroker }: BackplaneSuiteOptions, start: () => Promise<Driver>): void {
  describe(`backplane: ${name}`, () => {
    let driver: Driver;
    let stage: Stage;
    beforeAll(async () => {
      driver = await start();
    });
    afterAll(() => driver.broker?.stop());
    beforeEach(() => {
      stage = new Stage(driver);
    });
    afterEach(() => stage.end());

    describe("posts", () => {
      it("arrive from each poster in its order, whatever the topics, with numbers that grow, and not at the poster", async () => {
        const { a, b, c } = await stage.joinAll("a", "b", "c");
        for (const { membership } of [a, b, c])
          await Promise.all(["tea", "milk"].map((one) => membership.subscribe(one)));
        const texts = numbers(300);
        for (const text of texts) {
          a.membership.post(Number(text) % 3 === 0 ? "milk" : "tea", bytesOf(`a${text}`));
          b.membership.post(Number(text) % 2 === 0 ? "milk" : "tea", bytesOf(`b${text}`));
        }
        await c.heard.until(() => c.heard.posts.length === 600, "all posts");
        for (const from of ["a", "b"]) {
          expect(c.heard.posts.filter((text) => text.startsWith(from))).toEqual(texts.map((text) => from + text));
        }
        await a.heard.until(() => a.heard.posts.length === 300, "those of b");
        expect(a.heard.posts).toEqual(texts.map((text) => `b${text}`));
        expect(a.heard.numbers).toEqual(a.heard.numbers.toSorted((one, other) => one - other));
        expect(new Set(a.heard.numbers).size).toBe(300);
      });

      it("have the number that `post` returned, which counts those for others too", async () => {
        const { a, b } = await stage.joinAll("a", "b");
        await b.membership.subscribe("tea");
        const first = a.membership.post("tea", bytesOf("1"));
        a.membership.post("nobody's", bytesOf("2"));
        const third = a.membership.post("tea", bytesOf("3"));
        await b.heard.line("posted a tea 3");
        expect(b.heard.numbers).toEqual([first, third]);
        expect(third).toBe(first + 2);
      });

      it("arrive from the moment on when `subscribe` has resolved, again and again", async () => {
        const { a, b } = await stage.joinAll("a", "b");
        for (const topic of numbers(30)) {
          await b.membership.subscribe(topic);
          a.membership.post(topic, bytesOf(topic));
        }
        await b.heard.line("posted a 30 30");
        expect(b.heard.posts).toEqual(numbers(30));
      });

      it("do not arrive after `unsubscribe`, and do after subscribing again", async () => {
        const { a, b } = await stage.joinAll("a", "b");
        await Promise.all([
          b.membership.subscribe("tea"),
          b.membership.subscribe("tea"),
          b.membership.subscribe("all"),
        ]);
        a.membership.post("tea", bytesOf("1"));
        await b.heard.line("posted a tea 1");
        b.membership.unsubscribe("tea");
        a.membership.post("tea", bytesOf("2"));
        a.membership.post("all", bytesOf("after"));
        await b.heard.line("posted a all after");
        await b.membership.subscribe("tea");
        a.membership.post("tea", bytesOf("3"));
        await b.heard.line("posted a tea 3");
        expect(b.heard.posts).toEqual(["1", "after", "3"]);
      });

      it("go to the topic that is meant, whatever its characters, and to no other", async () => {
        const { a, b } = await stage.joinAll("a", "b");
        const topics = [
          "uid/a b",
          "uid/a.b",
          "*",
          ">",
          "a.>",
          "{x}",
          "}",
          "\u0000\r\n\t",
          "é",
          "é",
          "人",
          "😀",
          "A",
          "a",
          "%41",
        ];
        topics.push("人".repeat(1_024), " ", "..", "$SYS", "\ufeff");
        await Promise.all(topics.map((topic) => b.membership.subscribe(topic)));
        for (const topic of topics) a.membership.post(topic, bytesOf(topic));
        a.membership.post("another", bytesOf("no"));
        await b.heard.until(
          (lines) => lines.filter((line) => line.startsWith("posted")).length === topics.length,
          "all",
        );
        expect(b.heard.lines.filter((line) => line.startsWith("posted"))).toEqual(
          topics.map((topic) => `posted a ${topic} ${topic}`),
        );
        for (const bad of ["", "x".repeat(1_025), "\ud800"]) {
          await expect(b.membership.subscribe(bad)).rejects.toMatchObject({ code: "bad-topic" });
        }
      });

      it("that are too large are reported here and a gap there, and the next arrive", async () => {
        const { a, b } = await stage.joinAll("a", "b");
        await b.membership.subscribe("tea");
        a.membership.post("tea", bytesOf("1"));
        a.membership.post("tea", new Uint8Array(a.membership.maxBytes + 1));
        a.membership.post("tea", new Uint8Array(a.membership.maxBytes).fill(50));
        a.membership.post("tea", bytesOf("3"));
        await b.heard.line("posted a tea 3");
        expect(b.heard.posts.map((text) => text[0])).toEqual(["1", "g", "2", "3"]);
        expect(b.heard.lines).toContain("gap a");
        expect(a.heard.lines).toContain("failed too-large");
      });
    });

    describe("membership", () => {
      it("is told to all, those that were there before included, and its end at once", async () => {
        const { a, b, c } = await stage.joinAll("a", "b", "c");
        await b.membership.subscribe("tea");
        a.membership.post("tea", bytesOf("last"));
        await vi.waitFor(async () => expect(await b.membership.isConnected?.("a")).toBe(true), 5_000);
        await a.membership.leave();
        await b.heard.line("gone a");
        await c.heard.line("gone a");
        expect(b.heard.lines.at(-2)).toBe("posted a tea last");
        expect(a.heard.lines).not.toContain("gone a");
        await vi.waitFor(async () => expect(await b.membership.isConnected?.("a")).toBe(false), 5_000);
      });

      it("is over after `leave`: nothing arrives, `post` does nothing, and the rest rejects with `left`", async () => {
        const { a, b } = await stage.joinAll("a", "b");
        await Promise.all([a.membership.subscribe("tea"), b.membership.subscribe("tea")]);
        const asked = a.membership.ask("nobody", bytesOf("?"), 5_000);
        const left = expect(asked).rejects.toMatchObject({ code: "left" });
        await a.membership.leave();
        await left;
        a.membership.post("tea", bytesOf("late"));
        b.membership.post("tea", bytesOf("unheard"));
        await a.membership.leave();
        for (const promise of [
          a.membership.subscribe("more"),
          a.membership.ask("b", bytesOf("?"), 1_000),
          a.membership.put("key", bytesOf("value"), 1_000),
          a.membership.take("key"),
        ]) {
          await expect(promise).rejects.toMatchObject({ code: "left" });
        }
        const c = await stage.join("c");
        await c.heard.line("joined b");
        expect([a.heard.posts, b.heard.posts]).toEqual([[], []]);
        expect(c.heard.lines).not.toContain("joined a");
      });

      it("needs an id of a node", async () => {
        for (const id of ["", "a b", "x".repeat(33), "é"]) {
          await expect(stage.join(id)).rejects.toMatchObject({ code: "bad-node-id" });
        }
      });
    });

    describe("questions", () => {
      it("are answered by the node that is asked, many at a time", async () => {
        const { a, b, c } = await stage.joinAll("a", "b", "c");
        b.heard.answer = async (from, bytes) => bytesOf(`b to ${from}: ${textOf(bytes)}`);
        c.heard.answer = async () => bytesOf("c");
        const answers = await Promise.all(numbers(50).map((text) => a.membership.ask("b", bytesOf(text), 5_000)));
        expect(answers.map(textOf)).toEqual(numbers(50).map((text) => `b to a: ${text}`));
        expect(textOf(await b.membership.ask("c", bytesOf("?"), 5_000))).toBe("c");
      });

      it("carry as many bytes as may be, both ways, and no more", async () => {
        const { a, b } = await stage.joinAll("a", "b");
        const bytes = new Uint8Array(a.membership.maxBytes).fill(7);
        expect((await a.membership.ask("b", bytes, 10_000)).length).toBe(bytes.length);
        const more = new Uint8Array(bytes.length + 1);
        await expect(a.membership.ask("b", more, 10_000)).rejects.toMatchObject({ code: "too-large" });
        b.heard.answer = async () => more;
        await expect(a.membership.ask("b", bytesOf("?"), 10_000)).rejects.toMatchObject({ code: "answer-failed" });
      });

      it("reject where the node fails, does not answer in time, is not there, or leaves", async () => {
        const { a, b } = await stage.joinAll("a", "b");
        b.heard.answer = async () => {
          throw new Error("secret");
        };
        await expect(a.membership.ask("b", bytesOf("?"), 5_000)).rejects.toMatchObject({
          code: "answer-failed",
          message: expect.not.stringContaining("secret"),
        });
        b.heard.answer = () => new Promise(() => undefined);
        await expect(a.membership.ask("b", bytesOf("?"), 20)).rejects.toMatchObject({ code: "no-answer" });
        await expect(a.membership.ask("nobody", bytesOf("?"), 20)).rejects.toMatchObject({ code: "no-answer" });
      });
    });

    describe("put and take", () => {
      it("give what was put last to one of those who race for it, and remove it", async () => {
        const { a, b, c } = await stage.joinAll("a", "b", "c");
        for (const key of numbers(10)) {
          await a.membership.put(key, bytesOf("old"), 60_000);
          await b.membership.put(key, bytesOf(`value ${key}`), 60_000);
          const takers = [a, b, c, a, b, c].map(({ membership }) => membership.take(key));
          const taken = (await Promise.all(takers)).filter((bytes) => bytes !== undefined);
          expect(taken.map(textOf)).toEqual([`value ${key}`]);
        }
        expect(await a.membership.take("1")).toBeUndefined();
        expect(await a.membership.take("never put")).toBeUndefined();
      });

      it("can be done again with the same key, with any bytes and any key", async () => {
        const { a, b } = await stage.joinAll("a", "b");
        const every = Uint8Array.from({ length: 256 }, (_, index) => index);
        for (const key of ["k", "a b.*>\r\n{}", "人".repeat(1_024)]) {
          for (const bytes of [every, new Uint8Array(), every]) {
            await a.membership.put(key, bytes, 60_000);
            expect(await b.membership.take(key)).toEqual(bytes);
          }
        }
        await expect(a.membership.put("", every, 1_000)).rejects.toMatchObject({ code: "bad-topic" });
      });

      it("find nothing once the time is over", async () => {
        const { a } = await stage.joinAll("a");
        // However long a round trip takes, one comes after a millisecond.
        for (let found: unknown = true; found !== undefined; ) {
          await a.membership.put("key", bytesOf("value"), 1);
          found = await a.membership.take("key");
        }
        await a.membership.put("key", bytesOf("value"), 60_000);
        expect(await a.membership.take("key")).toEqual(bytesOf("value"));
      });

      it("carry as many bytes as may be, and no more", async () => {
        const { a } = await stage.joinAll("a");
        const bytes = new Uint8Array(a.membership.maxBytes).fill(7);
        await a.membership.put("key", bytes, 60_000);
        expect(isDeepStrictEqual(await a.membership.take("key"), bytes)).toBe(true);
        const more = new Uint8Array(bytes.length + 1);
        await expect(a.membership.put("key", more, 60_000)).rejects.toMatchObject({ code: "too-large" });
      });
    });

    streamsSuite(() => stage);
    serversSuite(() => stage);
    if (hasBroker) {
      serversNetworkSuite(() => stage);
      networkSuite(() => stage, serverNames);
    }
  });
}
