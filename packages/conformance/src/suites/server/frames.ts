import { describe, expect } from "vitest";
import { textCodecNames } from "../../codecs.ts";
import { exchanges, ownErrorReplies } from "./exchanges.ts";
import { everyCodec, fresh, greetPeer, type ServerSection, serverFor, sharedServer } from "./section.ts";

export function frameTests(section: ServerSection): void {
  const { test } = section;

  describe("§3 wrapped frames, byte for byte", () => {
    const server = sharedServer(section);
    for (const codec of textCodecNames) {
      for (const { name, text } of exchanges) {
        test(`${codec}: ${name}`, async () => {
          const [send, ...answers] = text[codec];
          const peer = await greetPeer(server(), `client-id=${fresh("x")}&codec=${codec}`);
          peer.send(send);
          expect(await peer.texts(answers.length)).toEqual(answers);
        });
      }

      test(`${codec}: an error reply tells our own peers its code and data, and of a plain throw nothing`, async () => {
        const peer = await greetPeer(server(), `client-id=${fresh("x")}&codec=${codec}&sente-lite=1&attempt=1`);
        for (const { send, answer } of ownErrorReplies[codec]) {
          const reply = await peer.ask(send);
          expect(reply).toMatch(answer);
          expect(reply).not.toContain("thrown by");
        }
      });
    }
  });

  describe("§3 wrapped frames: requests", () => {
    const server = sharedServer(section);
    const peerOf = () => greetPeer(server(), `client-id=${fresh("r")}`);

    test("a throwing handler of an event without cb-id is answered nothing", async () => {
      const peer = await peerOf();
      peer.send("[[:test/throw] nil]");
      expect(await peer.ask('[[:test/echo 1] "after"]')).toBe('[1 "after"]');
    });

    test("ReplyError reaches a Sente peer as chsk/error alone", async () => {
      const peer = await peerOf();
      expect(await peer.ask('[[:test/refuse {:why :no}] "r1"]')).toBe('[:chsk/error "r1"]');
    });

    test("a request that is never answered holds up nothing", async () => {
      const peer = await peerOf();
      peer.send('[[:test/never] "n1"]');
      expect(await peer.ask('[[:test/echo 1] "n2"]')).toBe('[1 "n2"]');
    });

    test("a late reply overtakes nothing and is overtaken by others", async () => {
      const peer = await peerOf();
      peer.send('[[:test/slow 50] "slow1"]');
      peer.send('[[:test/echo 1] "fast1"]');
      expect(await peer.texts(2)).toEqual(['[1 "fast1"]', '["slow" "slow1"]']);
    });

    test("two requests with one cb-id are answered one by one", async () => {
      const peer = await peerOf();
      peer.send('[[:test/echo 1] "same"]');
      peer.send('[[:test/echo 2] "same"]');
      expect(await peer.texts(2)).toEqual(['[1 "same"]', '[2 "same"]']);
    });

    test("a cb-id may have 64 characters, and may be empty", async () => {
      const peer = await peerOf();
      const longest = "c".repeat(64);
      expect(await peer.ask(`[[:test/echo 1] "${longest}"]`)).toBe(`[1 "${longest}"]`);
      expect(await peer.ask('[[:test/echo 1] ""]')).toBe('[1 ""]');
    });

    test("a thousand requests at once are answered in their order", async () => {
      const peer = await peerOf();
      const expected = Array.from({ length: 1_000 }, (_, i) => `[${i} "q${i}"]`);
      for (let i = 0; i < 1_000; i++) peer.send(`[[:test/echo ${i}] "q${i}"]`);
      expect(await peer.texts(1_000)).toEqual(expected);
    });
  });

  describe("§3 wrapped frames: pushes", () => {
    const server = sharedServer(section);

    test("a burst of 1000 arrives complete, in order, in few frames", async () => {
      const peer = await greetPeer(server(), `client-id=${fresh("p")}`);
      peer.send('[[:test/burst 1000] "done"]');
      await peer.textWhere((text) => text.endsWith('"done"]'));
      const pushes = peer.received.filter((text) => text.startsWith("[[["));
      const items = pushes.flatMap((text) => [...text.matchAll(/:i (\d+)/g)].map(([, i]) => Number(i)));
      expect(items).toEqual(Array.from({ length: 1_000 }, (_, i) => i));
      expect(pushes.length).toBeLessThan(20);
    });

    test("a push reaches every connection of a user, and nobody else", async () => {
      const uid = fresh("u");
      const one = await greetPeer(server(), `client-id=${fresh("c")}&uid=${uid}`);
      const two = await greetPeer(server(), `client-id=${fresh("c")}&uid=${uid}`);
      const other = await greetPeer(server(), `client-id=${fresh("c")}`);
      one.send("[[:test/push-me :both] nil]");
      expect(await one.text()).toBe("[[[:test/pushed :both]] nil]");
      expect(await two.text()).toBe("[[[:test/pushed :both]] nil]");
      expect(await other.ask('[[:test/echo 1] "o1"]')).toBe('[1 "o1"]');
    });

    test("a push to another user by its id arrives there", async () => {
      const uid = fresh("u");
      const receiver = await greetPeer(server(), `client-id=${fresh("c")}&uid=${uid}`);
      const sender = await greetPeer(server(), `client-id=${fresh("c")}`);
      expect(await sender.ask(`[[:test/to {:uid "${uid}", :x [1 2]}] "t1"]`)).toBe('[nil "t1"]');
      expect(await receiver.text()).toBe("[[[:test/direct [1 2]]] nil]");
    });

    test("a push to a user who is not there is nobody's", async () => {
      const sender = await greetPeer(server(), `client-id=${fresh("c")}`);
      expect(await sender.ask('[[:test/to {:uid "nobody-here", :x 1}] "t1"]')).toBe('[nil "t1"]');
    });

    test("a broadcast reaches users of every codec and form", async () => {
      const wrapped = await greetPeer(server(), `client-id=${fresh("b")}`);
      const bare = await greetPeer(server(), "");
      const json = await greetPeer(server(), `client-id=${fresh("b")}&codec=json`);
      const transit = await greetPeer(server(), `client-id=${fresh("b")}&codec=transit-json`);
      const word = fresh("w");
      wrapped.send(`[[:test/broadcast {:word "${word}"}] nil]`);
      const hears = (text: string) => text.includes(word);
      expect(await wrapped.textWhere(hears)).toBe(`[[[:test/broadcast {:word "${word}"}]] nil]`);
      expect(await bare.textWhere(hears)).toBe(`[:test/broadcast {:word "${word}"}]`);
      expect(await json.textWhere(hears)).toBe(`[[["test/broadcast",{"word":"${word}"}]],null]`);
      expect(await transit.textWhere(hears)).toBe(`[[["~:test/broadcast",["^ ","~:word","${word}"]]],null]`);
    });
  });

  describe("§3 wrapped frames: batches that wait", () => {
    const waiting = serverFor(section, { ...everyCodec, options: { batchMs: 3_600_000 } });
    const short = serverFor(section, { ...everyCodec, options: { batchMs: 150 } });

    test("a flushed push takes along what waited, in order", async () => {
      const peer = await greetPeer(waiting(), `client-id=${fresh("f")}`);
      peer.send("[[:test/push-me 1] nil]");
      peer.send("[[:test/push-me 2] nil]");
      peer.send("[[:test/push-flush 3] nil]");
      expect(await peer.text()).toBe("[[[:test/pushed 1] [:test/pushed 2] [:test/pushed 3]] nil]");
    });

    test("a reply closes the waiting batch and comes after it", async () => {
      const peer = await greetPeer(waiting(), `client-id=${fresh("f")}`);
      peer.send("[[:test/push-me 1] nil]");
      peer.send('[[:test/echo 2] "after"]');
      expect(await peer.texts(2)).toEqual(["[[[:test/pushed 1]] nil]", '[2 "after"]']);
    });

    test("answers to pings do not wait for a batch, nor send it", async () => {
      const peer = await greetPeer(waiting(), `client-id=${fresh("f")}`);
      peer.send("[[:test/push-me 1] nil]");
      expect(await peer.ask('[[:chsk/ws-ping] "p1"]')).toBe('["pong" "p1"]');
    });

    test("pushes of several events share the frame of one batch", async () => {
      const peer = await greetPeer(short(), `client-id=${fresh("f")}`);
      for (const i of [1, 2, 3]) peer.send(`[[:test/push-me ${i}] nil]`);
      expect(await peer.text()).toBe("[[[:test/pushed 1] [:test/pushed 2] [:test/pushed 3]] nil]");
    });
  });
}
