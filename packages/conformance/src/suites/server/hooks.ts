import { describe, expect } from "vitest";
import { oddResults } from "../../fixture/odd-results.ts";
import { refusalOf } from "../../raw/raw-peer.ts";
import { connectPeer, everyCodec, expectAlive, fresh, type ServerSection, serverFor, sharedServer } from "./section.ts";

/** What the functions of an application give, and that a mistake there lets nobody in, and ends nothing. */
export function hookTests(section: ServerSection): void {
  const { test } = section;

  describe("§1 refusal: what the application's functions give is checked", () => {
    const server = serverFor(section, { ...everyCodec, options: { csrfToken: "s3cret" } });
    const waitForError = (code: string) =>
      server().next(({ error }) => typeof error === "object" && error.code === code && error.source === "handshake");

    for (const [name, { code, status = 500 }] of Object.entries(oddResults)) {
      test(`${name}: nobody is let in, the application is told, and the server goes on`, async () => {
        // A token of the wrong type equals what no client can say, and what says it.
        const token = name.startsWith("token") ? "csrf-token=true" : "csrf-token=s3cret";
        for (const own of ["", "&sente-lite=1&attempt=1"]) {
          const query = `client-id=${fresh("odd")}&${token}&odd=${name}${own}`;
          // What was meant to be a refusal is one, by its status alone: who is banned is not asked to come again.
          if (status === 500) {
            expect(await refusalOf(`${server().url}?${query}`)).toEqual({ status, body: "the handshake failed" });
          } else if (own === "") {
            expect(await refusalOf(`${server().url}?${query}`)).toEqual({ status, body: "" });
          } else {
            expect(await (await connectPeer(server(), query)).waitForClose()).toEqual({
              code: 4000 + status,
              reason: "",
            });
          }
          await waitForError(code);
        }
        const peer = await connectPeer(server(), `client-id=${fresh("even")}&csrf-token=s3cret&codec=edn`);
        expect(await peer.text()).toContain(":chsk/handshake");
      });
    }
  });

  describe("who connects", () => {
    const server = sharedServer(section);

    test("userIdFn is given what authorizedFn returned", async () => {
      const peer = await connectPeer(server(), `client-id=${fresh("login")}&login=ann&uid=bob`);
      expect(await peer.text()).toContain(':chsk/handshake ["ann" ');
    });
  });

  describe("§9 limits: handshake data that is too large", () => {
    const server = serverFor(section, { ...everyCodec, options: { maxPayloadBytes: 100 } });

    test("is refused before the upgrade, for every peer, and the application is told once", async () => {
      for (let i = 0; i < 5; i++) {
        const refusal = await refusalOf(`${server().url}?client-id=${fresh("large")}&sente-lite=1&attempt=1`);
        expect(refusal).toEqual({ status: 500, body: "the handshake failed" });
      }
      const tooLarge = () =>
        server()
          .events()
          .filter(({ error }) => typeof error === "object" && error.code === "too-large");
      await server().next(({ error }) => typeof error === "object" && error.source === "handshakeDataFn");
      expect(tooLarge()).toHaveLength(1);
    });
  });

  describe("§9 limits: a handshake that is over the limit of its client", () => {
    const server = sharedServer(section);

    test("is told to the application, and its session is over", async () => {
      const clientId = fresh("small");
      const peer = await connectPeer(server(), `client-id=${clientId}&sente-lite=1&attempt=1&codec=edn`);
      const [, id = ""] = /:session "([^"]+)"/.exec(await peer.text()) ?? [];
      await peer.close(1009);
      await server().next(({ error }) => typeof error === "object" && error.code === "handshake-too-large");
      const protocols = ["sente-lite", `session.${id}.0`];
      const again = await connectPeer(server(), `client-id=${clientId}&sente-lite=1&attempt=2&codec=edn`, {
        protocols,
      });
      expect(await again.text()).toContain(":resumed? false");
      await expectAlive(server());
    });
  });
}
