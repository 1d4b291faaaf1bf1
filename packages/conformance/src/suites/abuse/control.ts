import { kw } from "@sente-lite/protocol";
import { describe, expect } from "vitest";
import { codecNames, codecs } from "../../codecs.ts";
import type { RawPeer } from "../../raw/raw-peer.ts";
import { connectPeer, fresh } from "../server/section.ts";
import type { AttackSection } from "./section.ts";
import { type Id, rightFrames, withEach, wrongValues } from "./wrong-values.ts";

const OURS = "sente-lite=1&attempt=1&features=sessions.error-details.rooms.requests.volatile.refresh";
/** What a server may say of frames that are wrong. */
const told = ["bad-event", "bad-frame", "bad-reply", "bad-ack", "json-number", "frames-unread"];
/** Nobody made it: it reaches the application as data, in events of its own, and as nothing else. */
const mayReach =
  /^(attack\/event|kept\/attacked|test\/echo|chsk\/(bad-event|ws-ping|uidport-open|uidport-close|client-open|client-close))$/;

export function controlAttacks({ test, open }: AttackSection): void {
  describe("§3 attacks: wrong values in every place of every frame", () => {
    for (const name of codecNames) {
      const codec = codecs[name];
      const id: Id = (text) => (codec.stringIds ? text : kw(text));
      const encoded = (value: unknown) => {
        try {
          return codec.encode(value);
        } catch {
          return undefined;
        }
      };
      const send = (peer: RawPeer, data: string | Uint8Array) =>
        typeof data === "string" ? peer.send(data) : peer.sendBinary(data);
      const greet = async (clientId: string) => {
        const peer = await connectPeer(open(), `client-id=${clientId}&codec=${name}&${OURS}`);
        await peer.frameWhere(() => true);
        return peer;
      };
      /** Sends frames; true where the connection is open behind them. */
      const survives = async (peer: RawPeer, frames: readonly (string | Uint8Array)[]) => {
        const mark = fresh("mark");
        for (const data of frames) send(peer, data);
        send(peer, codec.encode([[id("test/echo"), mark], mark]));
        const answered = peer
          .frameWhere(({ data }) => JSON.stringify(codec.decode(data)).includes(mark))
          .then(
            () => true,
            () => false,
          );
        return Promise.race([answered, peer.waitForClose().then(() => false)]);
      };

      /** Where one of them ends the connection, those behind it have to be sent on another. */
      const sendAll = async (clientId: string, frames: readonly (string | Uint8Array)[]): Promise<void> => {
        if ((await survives(await greet(clientId), frames)) || frames.length === 1) return;
        const half = Math.ceil(frames.length / 2);
        await sendAll(clientId, frames.slice(0, half));
        await sendAll(clientId, frames.slice(half));
      };

      for (const [what, right] of Object.entries(rightFrames)) {
        test(`${name}: ${what}: refused, or taken as data; nothing breaks`, async () => {
          const clientId = fresh("wrong");
          const before = open().events().length;
          const byValue = wrongValues.map((wrong) => [...withEach(right(id), wrong)]);
          const byPlace = (byValue[0] ?? []).flatMap((_, place) => byValue.map((values) => values[place]));
          const frames = byPlace.flatMap((value) => encoded(value) ?? []);
          expect(frames.length).toBeGreaterThan(wrongValues.length / 2);
          await sendAll(clientId, frames);
          const lines = open().events().slice(before);
          const codes = lines.flatMap(({ error }) => (typeof error === "object" ? error.code : (error ?? [])));
          expect(codes.filter((code) => !told.includes(code))).toEqual([]);
          const ids = lines.flatMap((line) => (line.clientId === clientId ? (line.event?.[0] ?? []) : []));
          expect(ids.filter((one) => !mayReach.test(one))).toEqual([]);
        });
      }
    }
  });
}
