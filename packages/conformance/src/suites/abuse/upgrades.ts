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
  "an address behind two slashes": { changes: [[/^GET /, "GET //evil.example"]] },
  "an address within an address": { changes: [[/^GET (\S+)/, "GET /http://127.0.0.1$1"]] },
  "a target in quotes": { changes: [[/^GET (\S+)/, 'GET "$1"']] },
  "a target with a space": { changes: [[/^GET (\S+)/, "GET $1 x"]] },
  "no Upgrade": { changes: [[/Upgrade: websocket\r\n/, ""]] },
  "no Connection": { changes: [[/Connection: Upgrade\r\n/, ""]] },
  "an Upgrade to something that begins like it": { changes: [[/Upgrade: websocket/, "Upgrade: websocketx"]] },
  "an Upgrade that is empty": { changes: [[/Upgrade: websocket/, "Upgrade: "]] },
  "a Connection that ends with it": { changes: [[/Connection: Upgrade/, "Connection: x-Upgrade"]] },
  "two versions": { changes: [[/Version: 13/, "Version: 13, 8"]] },
  "two headers of version": { headers: ["Sec-WebSocket-Version: 8"] },
  "version 013": { changes: [[/Version: 13/, "Version: 013"]] },
  "version 13.0": { changes: [[/Version: 13/, "Version: 13.0"]] },
  "a key of spaces": { changes: [[/Key: .*\r/, "Key:   \r"]] },
  "a key of 24 letters that are no base64": { changes: [[/Key: .*\r/, "Key: !!!!!!!!!!!!!!!!!!!!!!==\r"]] },
  "a key of 15 bytes": { changes: [[/Key: .*\r/, "Key: AAAAAAAAAAAAAAAAAAAA\r"]] },
  "two keys": { headers: ["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="] },
  "two keys, the second of nothing": { headers: ["Sec-WebSocket-Key: "] },
  "two keys in one header": { changes: [[/Key: (.*)\r/, "Key: $1, $1\r"]] },
  "two versions, the other first": { changes: [[/(Sec-WebSocket-Version: 13)/, "Sec-WebSocket-Version: 8\r\n$1"]] },
  "two hosts in one header": { changes: [[/Host: (.*)\r/, "Host: $1, evil.example\r"]] },
  "two hosts, the other first": { changes: [[/(Host: .*)\r/, "Host: evil.example\r\n$1\r"]] },
  "two origins": { changes: [[/Host: (.*)\r/, "Host: $1\r\nOrigin: http://$1\r\nOrigin: http://evil.example\r"]] },
  "two hosts": { headers: ["Host: evil.example"] },
  "no host, from a page of the server's own": { changes: [[/Host: (.*)\r/, "Origin: http://$1\r"]] },
  "HTTP/2.0": { changes: [[/HTTP\/1\.1/, "HTTP/2.0"]] },
  "HTTP/9.9": { changes: [[/HTTP\/1\.1/, "HTTP/9.9"]] },
  "no version of HTTP": { changes: [[/ HTTP\/1\.1/, ""]] },
  "a header without a colon": { headers: ["X-Smuggled"] },
  "a header without a name": { headers: [": x"] },
  "a space before the colon": { headers: ["X-Smuggled : x"] },
  "a zero in a header": { headers: ["X-Smuggled: a\u0000b"] },
  "a line that is folded into the one before": { headers: ["X-Smuggled: a", " Host: evil.example"] },
  "a line feed alone, and a header behind it": { headers: ["X-Smuggled: a\nHost: evil.example"] },
  "a carriage return alone in a header": { headers: ["X-Smuggled: a\rHost: evil.example"] },
  "a name of a header of 70,000 bytes": { headers: [`X-${"n".repeat(70_000)}: x`] },
  "a name of a header that is no ASCII": { headers: ["X-\xfc: x"] },
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
  "/chsk/../x",
  "/x/%2e%2e%2fchsk",
  "/chsk%5c",
  "/chsk\\x",
  "/chsk%20",
  "/chsk%09",
  "/chsk%3b",
  "/chsk%E0%A4%A",
  "/%ff%fechsk",
  "/c%25hsk",
  "/%2563hsk",
  "/\xef\xbd\x83hsk",
  "/chsk//",
  `/${"/".repeat(5_000)}chsk`,
];

/**
 * Requests of which the RFCs let a server make either: it upgrades once, or answers no more than a line. They come from a page
 * of the server's own, and from another's, which never passes. Of a whole address as target Bun tells us the path alone, and
 * takes the host of the header.
 */
const either: Readonly<Record<string, Changes>> = {
  "the server's own address": { changes: [[/^GET (\S+)([\s\S]*Host: )(.*)\r/, "GET http://$3$1$2$3\r"]] },
  "the server's own address in capitals": { changes: [[/^GET (\S+)([\s\S]*Host: )(.*)\r/, "GET HTTP://$3$1$2$3\r"]] },
  "the server's own address, of WebSocket": { changes: [[/^GET (\S+)([\s\S]*Host: )(.*)\r/, "GET ws://$3$1$2$3\r"]] },
  "another port in the address": { changes: [[/^GET /, "GET http://127.0.0.1:1"]] },
  "the address of another host": { changes: [[/^GET /, "GET http://evil.example"]] },
  "the server's host as a user of another": {
    changes: [[/^GET (\S+)([\s\S]*Host: )(.*)\r/, "GET http://$3@evil.example$1$2$3\r"]],
  },
  "an address without a host": { changes: [[/^GET /, "GET http://"]] },
  "an address of three slashes": { changes: [[/^GET /, "GET http:///"]] },
  "a user before the server's own address": {
    changes: [[/^GET (\S+)([\s\S]*Host: )(.*)\r/, "GET http://evil.example@$3$1$2$3\r"]],
  },
  "two headers of Upgrade": { headers: ["Upgrade: h2c"] },
  "two of Upgrade in one": { changes: [[/Upgrade: websocket/, "Upgrade: h2c, websocket"]] },
  "two headers of Upgrade, the same": { headers: ["Upgrade: websocket"] },
  "two headers of Connection": { headers: ["Connection: close"] },
  "two of Connection in one": { changes: [[/Connection: Upgrade/, "Connection: keep-alive, Upgrade"]] },
  "an Upgrade in capitals": { changes: [[/Upgrade: websocket/, "UPGRADE: WEBSOCKET"]] },
  "two keys, the same": { headers: ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="] },
  "two hosts, the same": { changes: [[/(Host: .*)\r/, "$1\r\n$1\r"]] },
  "two versions, the same": { headers: ["Sec-WebSocket-Version: 13"] },
  "two client ids": { changes: [[/client-id=/, "client-id=other&client-id="]] },
  "the query in the path too": { changes: [[/chsk\?/, "chsk?x?"]] },
  "a fragment behind the query": { changes: [[/^GET (\S+)/, "GET $1#x"]] },
  "an empty line first": { changes: [[/^/, "\r\n"]] },
  "a dot in the path": { changes: [[/\/chsk/, "/./chsk"]] },
  "a path that goes up and down": { changes: [[/\/chsk/, "/x/%2e%2e/chsk"]] },
  "a body of a length": { headers: ["Content-Length: 5"] },
  "a body in chunks": { headers: ["Transfer-Encoding: chunked"] },
  "100 extensions": {
    headers: [`Sec-WebSocket-Extensions: ${Array.from({ length: 100 }, (_, n) => `x-${n}`).join(", ")}`],
  },
  "100 subprotocols": {
    headers: [`Sec-WebSocket-Protocol: ${Array.from({ length: 100 }, (_, n) => `x-${n}`).join(", ")}`],
  },
  "a subprotocol that is none": { headers: ["Sec-WebSocket-Protocol: a b;c"] },
  "names as of a prototype": {
    headers: ["__proto__: x", "constructor: x", "toString: x"],
    changes: [[/client-id=/, "__proto__=x&client-id="]],
  },
};

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

    for (const [what, { headers = [], changes = [] }] of Object.entries(either)) {
      test(`${what}: one upgrade, or no more than a line; and none for another's page`, async () => {
        const { port } = open();
        for (const origin of [`http://127.0.0.1:${port}`, "http://evil.example"]) {
          const request = requestWith(port, `/chsk?client-id=${fresh("up")}`, {
            headers: [`Origin: ${origin}`, ...headers],
            changes,
          });
          const answer = await answerTo(port, Buffer.from(request, "latin1"));
          const mayPass = origin.includes("127.0.0.1") && answer.status === 101;
          if (mayPass) expect(answer.text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
          else expect(faultOf(answer)).toBeUndefined();
        }
        await expectAlive(open());
      });
    }

    for (const path of paths) {
      test(`the path ${path.slice(0, 30)} is another`, async () => {
        const { port } = open();
        const request = upgradeRequest(port, `${path}?client-id=${fresh("up")}`);
        const answer = await answerTo(port, Buffer.from(request, "latin1"));
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
