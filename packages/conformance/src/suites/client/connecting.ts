import type { ClientOptions } from "@sente-lite/protocol";
import { describe, expect } from "vitest";
import { codecs, textCodecNames } from "../../codecs.ts";
import { type ClientSection, errorWith, isOpen, stageClient, until, withId } from "./section.ts";

export function connectingTests(section: ClientSection): void {
  const { target, test } = section;

  describe("§1 connection", () => {
    test("the URL names the client, its codec, its attempt, and whose client it is", async () => {
      const { stage } = await stageClient(section, { clientId: "tab 1/ü&x" });
      const attempt = await stage.attempt();
      expect(Object.fromEntries(attempt.url.searchParams)).toEqual({
        "client-id": "tab 1/ü&x",
        "client-instance": expect.any(String),
        "sente-lite": "1",
        features: "sessions.error-details.close-refusals.rooms.requests.refusal-reasons.volatile.refresh",
        attempt: "1",
        codec: "edn",
      });
    });

    test("the application's own query, and params, are kept", async () => {
      const { stage } = await stageClient(section, { params: { lang: "de&fr" } }, "?room=a%20b");
      const attempt = await stage.attempt();
      expect([attempt.param("room"), attempt.param("lang"), attempt.param("client-id")]).toEqual([
        "a b",
        "de&fr",
        "c1",
      ]);
    });

    test("headers of one's own are in the upgrade request, where the runtime can", async () => {
      const headers: ClientOptions & { readonly headers: object } = { headers: { "x-own": "yes" } };
      if (!target.capabilities.setsHeaders) {
        await expect(stageClient(section, headers)).rejects.toMatchObject({
          name: "UsageError",
          code: "unknown-option",
        });
        return;
      }
      const { stage } = await stageClient(section, headers);
      expect((await stage.attempt()).headers["x-own"]).toBe("yes");
    });

    test("neither params nor the application's own query take the protocol's names", async () => {
      const params = {
        "client-id": "other",
        "client-instance": "x",
        attempt: "99",
        "sente-lite": "0",
        features: "none",
      };
      const query = "?codec=json&client%2Did=third&room=a%20b&csrf-token=mine&csrf-token=again#top";
      const { stage } = await stageClient(section, { params, csrfToken: "tok" }, query);
      const { searchParams } = (await stage.attempt()).url;
      expect([...searchParams].sort()).toEqual([
        ["attempt", "1"],
        ["client-id", "c1"],
        ["client-instance", expect.stringMatching(/^[\da-f-]{36}$/)],
        ["codec", "edn"],
        ["csrf-token", "tok"],
        ["features", "sessions.error-details.close-refusals.rooms.requests.refusal-reasons.volatile.refresh"],
        ["room", "a b"],
        ["sente-lite", "1"],
      ]);
    });

    test("a csrf token in the application's own query stays where the client has none", async () => {
      const { stage } = await stageClient(section, {}, "?csrf-token=mine");
      expect((await stage.attempt()).url.searchParams.getAll("csrf-token")).toEqual(["mine"]);
    });

    const pairs: readonly (readonly [string, ClientOptions["params"], string | null])[] = [
      ["an object", { lang: "de" }, "de"],
      ["a Map", new Map([["lang", "de"]]), "de"],
      ["URLSearchParams", new URLSearchParams("lang=de"), "de"],
      ["null", null, "en"],
      ["a function that returns null", () => null, "en"],
      ["a function of a Map", async () => new Map([["lang", "de"]]), "de"],
    ];
    for (const [what, params, lang] of pairs) {
      test(`params are ${what}, and go before the application's own query`, async () => {
        const { stage } = await stageClient(section, { params }, "?lang=en");
        expect((await stage.attempt()).url.searchParams.getAll("lang")).toEqual([lang]);
      });
    }

    test("the address is a URL object, as it was when the client was made", async () => {
      const stage = await section.control().stage();
      const url = new URL(stage.url);
      url.searchParams.set("room", "one");
      const client = target.makeClient(url, { codec: codecs.edn });
      url.searchParams.set("room", "two");
      const attempt = await stage.attempt();
      client.close();
      expect(attempt.param("room")).toBe("one");
    });

    test("what each attempt asks for is asked once for it", async () => {
      const asked: string[] = [];
      const ask = <T>(name: string, value: T) => {
        return async () => {
          asked.push(name);
          await Promise.resolve();
          return value;
        };
      };
      const { stage } = await stageClient(section, {
        csrfToken: ask("csrfToken", "t"),
        params: ask("params", { a: "b" }),
        protocols: ask("protocols", []),
      });
      (await stage.greet()).terminate();
      await stage.attempt();
      const each = ["csrfToken", "params", "protocols"];
      expect(asked).toEqual([...each, ...each]);
    });

    test("params given as a function are asked anew for each attempt", async () => {
      let asked = 0;
      const { stage } = await stageClient(section, { params: async () => ({ asked: String(++asked) }) });
      (await stage.greet()).terminate();
      await stage.attempt();
      expect(stage.attempts.all.map((attempt) => attempt.param("asked"))).toEqual(["1", "2"]);
    });

    test("a client object tells its attempts by a secret of its own, which no other has", async () => {
      const { stage } = await stageClient(section, { params: { "client-instance": "chosen" } });
      (await stage.greet()).terminate();
      // Answered: a page opens one WebSocket to a host at a time.
      const again = await stage.greet();
      const told = stage.attempts.all.map((attempt) => attempt.url.searchParams.getAll("client-instance"));
      expect(told).toEqual([[expect.stringMatching(/^[\da-f-]{36}$/)], [again.param("client-instance")]]);
      const other = await stageClient(section);
      expect((await other.stage.attempt()).param("client-instance")).not.toBe(again.param("client-instance"));
    });

    test("a client id is made where none is given, and kept", async () => {
      const stage = await section.control().stage();
      const client = target.makeClient(stage.url, { codec: codecs.edn, reconnectBaseMs: 1 });
      const first = await stage.greet();
      first.terminate();
      const second = await stage.attempt();
      client.close();
      expect(first.param("client-id")).toMatch(/^.{8,}$/);
      expect(second.param("client-id")).toBe(first.param("client-id"));
    });

    test("a csrf token travels as the parameter csrf-token", async () => {
      const { stage } = await stageClient(section, { csrfToken: "tok+en/1=" });
      expect((await stage.attempt()).param("csrf-token")).toBe("tok+en/1=");
    });

    test("a csrf token given as a function is asked anew for each attempt; null is left out", async () => {
      const tokens = ["one", null, "three"];
      const { stage } = await stageClient(section, { csrfToken: async () => tokens.shift() ?? null });
      (await stage.greet()).terminate();
      (await stage.greet()).terminate();
      await stage.attempt();
      expect(stage.attempts.all.map((attempt) => attempt.param("csrf-token"))).toEqual(["one", null, "three"]);
    });

    test("a csrf function that fails is reported, and the client tries again", async () => {
      let asked = 0;
      const csrfToken = async () => {
        if (++asked === 1) throw new Error("no token yet");
        return "token";
      };
      const { stage, errors } = await stageClient(section, { csrfToken });
      const attempt = await stage.attempt();
      expect(attempt.param("csrf-token")).toBe("token");
      expect(errors.all.map(({ error }) => String(error))).toEqual([expect.stringContaining("no token yet")]);
    });

    test("no subprotocol is offered unless asked for", async () => {
      const { stage } = await stageClient(section, { csrfToken: "secret" });
      expect((await stage.attempt()).protocols).toEqual([]);
    });

    test("the subprotocols of the options are offered, and one may be chosen", async () => {
      const { stage, client } = await stageClient(section, { protocols: ["sente-lite", "csrf.secret"] });
      const attempt = await stage.attempt();
      expect(attempt.protocols).toEqual(["sente-lite", "csrf.secret"]);
      attempt.accept("sente-lite");
      attempt.send('[[:chsk/handshake ["u1" nil nil]] nil]');
      await until(client.state, isOpen);
    });

    test("the attempt rises with every attempt", async () => {
      const { stage, client } = await stageClient(section);
      (await stage.attempt()).refuse(500);
      (await stage.attempt()).terminate();
      (await stage.greet()).close(1012);
      await stage.greet();
      await until(client.state, isOpen);
      client.chsk.reconnect();
      await stage.attempt();
      expect(stage.attempts.all.map((attempt) => attempt.param("attempt"))).toEqual(["1", "2", "3", "4", "5"]);
    });

    test("with connect: false it connects when told", async () => {
      const { stage, client } = await stageClient(section, { connect: false });
      expect(client.state.get().status).toBe("idle");
      client.chsk.connect();
      expect((await stage.attempt()).param("attempt")).toBe("1");
      expect(stage.count).toBe(1);
    });

    test("connecting twice is connecting once", async () => {
      const { stage, client } = await stageClient(section);
      client.chsk.connect();
      client.chsk.connect();
      await stage.greet();
      await until(client.state, isOpen);
      client.chsk.connect();
      client.chsk.reconnect();
      expect((await stage.attempt()).param("attempt")).toBe("2");
      expect(stage.count).toBe(2);
    });
  });

  describe("§3 the handshake", () => {
    test("the client is open with the handshake, not before", async () => {
      const { stage, client } = await stageClient(section);
      const connection = await stage.connection();
      expect(client.state.get().status).toBe("opening");
      connection.send('[[:chsk/handshake ["user-7" nil {:server "x", :n 1}]] nil]');
      const state = await until(client.state, isOpen);
      expect(state).toMatchObject({
        uid: "user-7",
        handshakeData: { server: "x", n: 1 },
        firstOpen: true,
        everOpened: true,
      });
    });

    test("ready resolves with the open state", async () => {
      const { stage, client } = await stageClient(section);
      const ready = client.ready();
      await stage.greet();
      expect((await ready).uid).toBe("u1");
      expect(await client.ready()).toBe(client.state.get());
    });

    test("ready can be given up", async () => {
      const { client } = await stageClient(section);
      const given = new AbortController();
      const ready = client.ready({ signal: given.signal });
      given.abort(new Error("enough"));
      await expect(ready).rejects.toThrow("enough");
    });

    test("a handshake event tells the application, and whether it is the first", async () => {
      const { stage, messages } = await stageClient(section);
      const first = await stage.greet('[[:chsk/handshake ["u1" nil {:n 1}]] nil]');
      expect((await messages.next(withId("chsk/handshake"))).data).toEqual(["u1", null, { n: 1 }, true]);
      first.terminate();
      await stage.greet('[[:chsk/handshake ["u1" nil {:n 2}]] nil]');
      expect((await messages.next(withId("chsk/handshake"))).data).toEqual(["u1", null, { n: 2 }, false]);
    });

    for (const [what, handshake, uid] of [
      ["uid and data nil", "[[:chsk/handshake [nil nil nil]] nil]", null],
      ["data left out", '[[:chsk/handshake ["u" nil]] nil]', "u"],
      ["a keyword as uid, printed", "[[:chsk/handshake [:ann nil nil]] nil]", ":ann"],
      ["a number as uid, printed", "[[:chsk/handshake [42 nil nil]] nil]", "42"],
      ["a csrf token", '[[:chsk/handshake ["u" "tok" nil]] nil]', "u"],
      ["a fifth element of a later version", '[[:chsk/handshake ["u" nil nil {:session "s"} 5]] nil]', "u"],
    ] as const) {
      test(`a handshake with ${what} is a handshake`, async () => {
        const { stage, client } = await stageClient(section);
        await stage.greet(handshake);
        expect((await until(client.state, isOpen)).uid).toBe(uid);
      });
    }

    const handshakes = {
      edn: '[[:chsk/handshake ["u" nil {:n 1}]] nil]',
      json: '[["chsk/handshake",["u",null,{"n":1}]],null]',
      "transit-json": '[["~:chsk/handshake",["u",null,["^ ","~:n",1]]],null]',
    };
    for (const codec of textCodecNames) {
      test(`${codec}: the handshake is read`, async () => {
        const { stage, client } = await stageClient(section, { codec: codecs[codec] });
        const connection = await stage.greet(handshakes[codec]);
        expect(connection.param("codec")).toBe(codec);
        expect(await until(client.state, isOpen)).toMatchObject({ uid: "u", handshakeData: { n: 1 } });
      });
    }

    for (const [what, frame] of [
      ["an event", "[[[:test/x 1]] nil]"],
      ["a ping", "[:chsk/ws-ping nil]"],
      ["a reply", '[1 "r1"]'],
      ["no frame at all", "42"],
    ] as const) {
      test(`${what} in place of the handshake closes with 4400, and the client tries again`, async () => {
        const { stage, client, errors } = await stageClient(section);
        const connection = await stage.connection();
        connection.send(frame);
        expect((await connection.waitForClose()).code).toBe(4400);
        await errors.next(errorWith("bad-frame"));
        await stage.greet();
        await until(client.state, isOpen);
      });
    }

    test("a second handshake closes with 4400, and the client tries again", async () => {
      const { stage, client } = await stageClient(section);
      const connection = await stage.greet();
      await until(client.state, isOpen);
      connection.send('[[:chsk/handshake ["u2" nil nil]] nil]');
      expect((await connection.waitForClose()).code).toBe(4400);
      await stage.greet();
      await until(client.state, isOpen);
      expect(client.state.get().uid).toBe("u1");
    });
  });

  describe("§9 the attempt's timeout", () => {
    test("an upgrade that is never answered is given up, and tried again", async () => {
      const { stage } = await stageClient(section, { connectTimeoutMs: 600 });
      const attempt = await stage.attempt();
      expect((await attempt.waitForClose()).code).toBe(1006);
      expect((await stage.attempt()).param("attempt")).toBe("2");
    });

    test("a connection that is never greeted is given up, and tried again", async () => {
      const { stage, client } = await stageClient(section, { connectTimeoutMs: 600 });
      const connection = await stage.connection();
      expect((await connection.waitForClose()).code).toBe(4408);
      await stage.greet();
      await until(client.state, isOpen);
    });
  });
}
