import { describe, expect } from "vitest";
import { frameBytes, opcodes, upgradeRequest } from "../../raw/raw-socket.ts";
import { expectAlive, fresh } from "../server/section.ts";
import { answerTo, type Changes, faultOf, requestWith } from "./requests.ts";
import type { AttackSection } from "./section.ts";

/** Requests for a path, and what is wrong with them; suites/server/requests.ts has others. */
const smuggled: Readonly<Record<string, Changes>> = {
  "the method HEAD": { changes: [[/^GET/, "HEAD"]] },
  "the method OPTIONS": { changes: [[/^GET/, "OPTIONS"]] },
  "the method CONNECT": { changes: [[/^GET \S+/, "CONNECT 127.0.0.1:80"]] },
  "a method in small letters": { changes: [[/^GET/, "get"]] },
  "a method that is none": { changes: [[/^GET/, "G\u0001T"]] },
  "another method by a header": { changes: [[/^GET/, "POST"]], headers: ["X-HTTP-Method-Override: GET"] },
  "no path": { changes: [[/^GET \S+/, "GET *"]] },
  "a path without its slash": { changes: [[/^GET \//, "GET "]] },
  "another scheme": { changes: [[/^GET /, "GET ftp://127.0.0.1"]] },
  "two versions": { changes: [[/Version: 13/, "Version: 13, 8"]] },
  "two headers of version": { headers: ["Sec-WebSocket-Version: 8"] },
  "version 013": { changes: [[/Version: 13/, "Version: 013"]] },
  "version 13.0": { changes: [[/Version: 13/, "Version: 13.0"]] },
  "a key of spaces": { changes: [[/Key: .*\r/, "Key:   \r"]] },
  "a key of 24 letters that are no base64": { changes: [[/Key: .*\r/, "Key: !!!!!!!!!!!!!!!!!!!!!!==\r"]] },
  "a key of 15 bytes": { changes: [[/Key: .*\r/, "Key: AAAAAAAAAAAAAAAAAAAA\r"]] },
  "two keys": { headers: ["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="] },
  "two hosts": { headers: ["Host: evil.example"] },
  "no host, from a page of the server's own": { changes: [[/Host: (.*)\r/, "Origin: http://$1\r"]] },
  "HTTP/2.0": { changes: [[/HTTP\/1\.1/, "HTTP/2.0"]] },
  "HTTP/9.9": { changes: [[/HTTP\/1\.1/, "HTTP/9.9"]] },
  "no version of HTTP": { changes: [[/ HTTP\/1\.1/, ""]] },
  "a header without a colon": { headers: ["X-Smuggled"] },
  "a header without a name": { headers: [": x"] },
  "a space before the colon": { headers: ["X-Smuggled : x"] },
  "a zero in a header": { headers: ["X-Smuggled: a\u0000b"] },
  "a body, chunked and of a length": { headers: ["Transfer-Encoding: chunked", "Content-Length: 5"] },
  "two lengths of a body": { headers: ["Content-Length: 5", "Content-Length: 6"] },
  "a length that is none": { headers: ["Content-Length: -1"] },
  "a header of 100,000 bytes": { headers: [`X-Large: ${"x".repeat(100_000)}`] },
  "5,000 headers": { headers: Array.from({ length: 5_000 }, (_, n) => `X-Many-${n}: x`) },
  "an address of 100,000 bytes": { changes: [[/client-id=/, `x=${"x".repeat(100_000)}&client-id=`]] },
};

const paths = [
  "/",
  "//chsk",
  "/chsk;x",
  "/chsk%00",
  "/chsk%2f",
  "/CHSK",
  "/chskx",
  "/x/chsk",
  "/chsk/x",
  "/chsk/..%2fchsk",
  "/..chsk",
  "/chsk%3fclient-id=a",
  "/.well-known/chsk",
];

/** What is no request at all. */
const noise: Readonly<Record<string, string | Uint8Array>> = {
  "the beginning of HTTP/2, and no more of it": "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
  "the hello of TLS": Buffer.from("16030100c8010000c40303".padEnd(400, "ab"), "hex"),
  "an empty line, and no more of it": "\r\n\r\nX\r\n\r\n",
  "bytes of 0": new Uint8Array(2_000),
  "bytes of 255": new Uint8Array(2_000).fill(255),
  "a WebSocket frame": Buffer.concat([
    frameBytes({ opcode: opcodes.text, payload: "[[:attack/landed] nil]" }),
    Buffer.from("\r\n\r\n"),
  ]),
  "a line without end": Buffer.from(`GET /${"a".repeat(200_000)}`),
};

export function upgradeAttacks({ test, open }: AttackSection): void {
  describe("§1 attacks: upgrades", () => {
    for (const [what, changes] of Object.entries(smuggled)) {
      test(`${what}: no upgrade, and no more than a line`, async () => {
        const { port } = open();
        const answer = await answerTo(
          port,
          Buffer.from(requestWith(port, `/chsk?client-id=${fresh("up")}`, changes), "latin1"),
        );
        expect(faultOf(answer)).toBeUndefined();
        await expectAlive(open());
      });
    }

    for (const path of paths) {
      test(`the path ${path} is another`, async () => {
        const { port } = open();
        const answer = await answerTo(port, upgradeRequest(port, `${path}?client-id=${fresh("up")}`));
        expect(faultOf(answer)).toBeUndefined();
      });
    }

    for (const [what, bytes] of Object.entries(noise)) {
      test(`${what} in place of a request: no more than a line`, async () => {
        const answer = await answerTo(open().port, bytes);
        expect(faultOf(answer)).toBeUndefined();
        await expectAlive(open());
      });
    }
  });
}
