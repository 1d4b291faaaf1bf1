import { networkInterfaces } from "node:os";
import { describe, expect } from "vitest";
import { RawSocket } from "../../raw/raw-socket.ts";
import { everyCodec, fresh, greetPeer, serverFor } from "../server/section.ts";
import { answerTo, faultOf, requestWith } from "./requests.ts";
import type { AttackSection } from "./section.ts";

const LOOPBACK = "::1";

/** Origins of pages at a server on `[::1]:PORT`, none of which is its own as a browser spells it. */
const origins = [
  "http://[::1]",
  "http://[::2]:PORT",
  "http://[::]:PORT",
  "http://::1:PORT",
  "http://[0:0:0:0:0:0:0:1]:PORT",
  "http://[::0001]:PORT",
  "http://[::ffff:127.0.0.1]:PORT",
  "http://[::ffff:7f00:1]:PORT",
  "http://[::1%25lo]:PORT",
  "http://[::1%lo]:PORT",
  "http://[::1].evil.example:PORT",
  "http://[::1]evil.example:PORT",
  "http://[::1]:PORT@evil.example",
  "http://evil.example@[::1]:PORT",
  "http://[::1]:PORT:80",
  "http://[::1]:PORT#",
  "http://[::1",
  "http://[]:PORT",
  "http://localhost:PORT",
  "http://127.0.0.1:PORT",
];

/** Hosts that such a server does not have, or that are none. */
const hosts = [
  "[::2]:PORT",
  "[::]:PORT",
  "::1",
  "::1:PORT",
  "[::1",
  "::1]:PORT",
  "[]:PORT",
  "[::1]PORT",
  "[::1]:PORTx",
  "[::1]:99999",
  "[::1%25lo]:PORT",
  "[::1%lo]:PORT",
  "[::ffff:127.0.0.1]:PORT",
  "[::1].evil.example:PORT",
  "[::1]@evil.example",
  "evil.example:PORT",
  "127.0.0.1:PORT",
  "[::1]/chsk?x=:PORT",
];

/** Where the machine has IPv6: a server at its loopback address. */
export function ipv6Attacks({ target, test }: AttackSection): void {
  const addresses = Object.values(networkInterfaces()).flat();
  if (!addresses.some((one) => one?.address === LOOPBACK)) return;

  describe("§1 attacks: origins", () => {
    describe("of IPv6", () => {
      const hostname = LOOPBACK;
      const server = serverFor({ target }, { ...everyCodec, options: { hostname } });
      const named = serverFor({ target }, { ...everyCodec, options: { hostname, allowedHosts: ["[::1]"] } });
      const behind = serverFor({ target }, { ...everyCodec, options: { hostname, proxies: ["::1"] } });
      const path = () => `/chsk?client-id=${fresh("six")}&codec=edn`;
      const ask = (port: number, host: string, headers: readonly string[]) =>
        answerTo(
          port,
          requestWith(port, path(), {
            headers: headers.map((line) => line.replaceAll("PORT", String(port))),
            changes: [[/Host: .*\r/, `Host: ${host.replaceAll("PORT", String(port))}\r`]],
          }),
          LOOPBACK,
        );

      test("its own page passes, and who is no page", async () => {
        for (const { port } of [server(), named()]) {
          expect((await ask(port, "[::1]:PORT", [])).status).toBe(101);
          expect((await ask(port, "[::1]:PORT", ["Origin: http://[::1]:PORT"])).status).toBe(101);
        }
      });

      for (const origin of origins) {
        test(`the origin ${origin} is refused, in a line`, async () => {
          const answer = await ask(server().port, "[::1]:PORT", [`Origin: ${origin}`]);
          expect(faultOf(answer)).toBeUndefined();
          expect(answer.status).toBe(403);
        });
      }

      for (const host of hosts) {
        test(`the host ${host} is refused, with a page of the same (DNS rebinding)`, async () => {
          for (const headers of [[`Origin: http://${host}`], []]) {
            expect(faultOf(await ask(named().port, host, headers))).toBeUndefined();
          }
          expect((await ask(named().port, "[::1]:PORT", [])).status).toBe(101);
        });
      }

      test("the host of the header is judged, whatever address the request line has", async () => {
        const { port } = named();
        for (const target of [`http://[::1]:${port}`, `HTTP://[::1]:${port}`, `ws://[::1]:${port}`]) {
          const request = requestWith(port, path(), {
            headers: ["Origin: http://evil.example"],
            changes: [
              [/^GET /, `GET ${target}`],
              [/Host: .*\r/, "Host: evil.example\r"],
            ],
          });
          expect(faultOf(await answerTo(port, request, LOOPBACK))).toBeUndefined();
        }
      });

      test("the address of a peer is as it is, and what a proxy there says counts in whatever spelling", async () => {
        const addressAt = async (running: ReturnType<typeof server>, forwardedFor: string) => {
          const headers = { "x-forwarded-for": forwardedFor };
          const peer = await greetPeer(running, `client-id=${fresh("six")}&codec=edn`, { headers });
          return /:address "([^"]*)"/.exec(await peer.ask('[[:test/request] "r"]'))?.[1];
        };
        expect(await addressAt(server(), "2001:db8::1")).toBe(LOOPBACK);
        for (const [said, address] of [
          ["2001:db8::1", "2001:db8:0:0:0:0:0:1"],
          ["[2001:0DB8:0::0001]:4711", "2001:db8:0:0:0:0:0:1"],
          ["::ffff:203.0.113.9", "203.0.113.9"],
          ["[::ffff:cb00:7109]", "203.0.113.9"],
          ["192.0.2.66, 0:0:0:0:0:0:0:1", "192.0.2.66"],
          // The last are nobody: the proxy's own address stays.
          ["fe80::1%eth0", "fe80:0:0:0:0:0:0:1"],
          ["%lo", LOOPBACK],
          ["1::2::3", LOOPBACK],
          ["[::1", LOOPBACK],
        ] as const) {
          expect([said, await addressAt(behind(), said)]).toEqual([said, address]);
        }
      });

      test("a peer that resets there leaves nothing", async () => {
        const sockets = await Promise.all(
          Array.from({ length: 20 }, () => RawSocket.open(server().port, { host: LOOPBACK })),
        );
        for (const socket of sockets) {
          socket.write(requestWith(server().port, path(), {}));
          socket.reset();
        }
        const peer = await greetPeer(server(), `client-id=${fresh("six")}&codec=edn`);
        expect(await peer.ask('[[:test/echo 6] "six"]')).toBe('[6 "six"]');
      });
    });
  });
}
