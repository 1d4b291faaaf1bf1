import { describe, expect } from "vitest";
import { fresh } from "../server/section.ts";
import { answerTo, type Changes, faultOf, requestWith } from "./requests.ts";
import type { AttackSection } from "./section.ts";

/** What a request says of the page that it comes from, beside the server's own address `HOST`. */
const origins: Readonly<Record<string, readonly string[]>> = {
  "null, of a sandboxed page": ["Origin: null"],
  "null in capitals": ["Origin: NULL"],
  "of nothing": ["Origin: "],
  "another page": ["Origin: http://evil.example"],
  "an allowed host with a dot behind": ["Origin: http://a.example."],
  "an allowed host in capitals": ["Origin: http://A.EXAMPLE"],
  "an allowed host with its port": ["Origin: http://a.example:80"],
  "an allowed host with another port": ["Origin: http://a.example:81"],
  "an allowed host with another scheme": ["Origin: https://a.example"],
  "an allowed origin with a slash": ["Origin: http://a.example/"],
  "an allowed origin with a path": ["Origin: http://a.example/x"],
  "an allowed host as a user": ["Origin: http://a.example@evil.example"],
  "an allowed host behind a user": ["Origin: http://evil.example@a.example"],
  "an allowed host as a password": ["Origin: http://x:a.example@evil.example"],
  "an allowed host behind a backslash": ["Origin: http://evil.example\\@a.example"],
  "an allowed host behind #": ["Origin: http://evil.example#http://a.example"],
  "an allowed host in a query": ["Origin: http://evil.example?http://a.example"],
  "a host that begins as an allowed one": ["Origin: http://a.example.evil.example"],
  "a host that ends as an allowed one": ["Origin: http://evila.example"],
  "a letter that looks alike": ["Origin: http://\xd0\xb0.example"],
  "a host in percent": ["Origin: http://%61.example"],
  "two origins in one header": ["Origin: http://a.example http://evil.example"],
  "two origins behind a comma": ["Origin: http://a.example, http://evil.example"],
  "two headers, an allowed one first": ["Origin: http://a.example", "Origin: http://evil.example"],
  "two headers, an allowed one last": ["Origin: http://evil.example", "Origin: http://a.example"],
  "the server's host without its port": ["Origin: http://127.0.0.1"],
  "the server's host by another name": ["Origin: http://localhost:PORT"],
  "the server's host as a number": ["Origin: http://2130706433:PORT"],
  "the server's host in hexadecimal": ["Origin: http://0x7f.0.0.1:PORT"],
  "the server's host as IPv6": ["Origin: http://[::ffff:127.0.0.1]:PORT"],
  "the server's host as a user": ["Origin: http://HOST@evil.example"],
  "the server's host behind a user": ["Origin: http://evil.example@HOST"],
  "the server's host behind #": ["Origin: http://evil.example#@HOST"],
  "the server's host as a beginning": ["Origin: http://HOST.evil.example"],
  "the server's host with a path": ["Origin: http://HOST/"],
  "the server's host without a scheme": ["Origin: HOST"],
  "the server's host behind two slashes": ["Origin: //HOST"],
  "a scheme that is none": ["Origin: ://HOST"],
  "IPv6 that is cut": ["Origin: http://[::1"],
  "a port that is none": ["Origin: http://127.0.0.1:PORTx"],
  "a file": ["Origin: file://"],
  "the data of an address": ["Origin: data:text/html,x"],
  "an extension": ["Origin: chrome-extension://abcdefghijklmnopabcdefghijklmnop"],
  "a mebibyte less a little": [`Origin: http://${"a".repeat(10_000)}.example`],
  ...Object.fromEntries(
    [
      "X-Forwarded-Host: evil.example",
      "X-Forwarded-Host: evil.example, HOST",
      "Forwarded: host=evil.example",
      'Forwarded: for=127.0.0.1;host="evil.example";proto=http',
      "X-Original-Host: evil.example",
      "X-Host: evil.example",
      "X-Forwarded-Server: evil.example",
      "X-Original-URL: http://evil.example/chsk",
      "X-HTTP-Host-Override: evil.example",
    ].map((header) => [`another page, with ${header}`, ["Origin: http://evil.example", header]]),
  ),
};

/** Who comes without the token that their cookie needs, and from where they say one. TOKEN is right for nobody's cookie. */
const forgeries: Readonly<Record<string, Changes & { readonly query?: string }>> = {
  "without a token": {},
  "of nothing": { query: "&csrf-token=" },
  "that is wrong": { query: "&csrf-token=x" },
  "that lacks a letter": { query: "&csrf-token=s3cre" },
  "that has a letter more": { query: "&csrf-token=s3crets" },
  "in capitals": { query: "&csrf-token=S3CRET" },
  "with a zero behind": { query: "&csrf-token=s3cret%00" },
  "with a space before": { query: "&csrf-token=%20s3cret" },
  "of the text undefined": { query: "&csrf-token=undefined" },
  "of the text null": { query: "&csrf-token=null" },
  "under another name": { query: "&csrf=s3cret&csrf_token=s3cret&_csrf=s3cret" },
  "as a list": { query: "&csrf-token[]=s3cret" },
  "that is wrong, before one that is right": { query: "&csrf-token=x&csrf-token=s3cret" },
  "of nothing in the query, and right in a header": { query: "&csrf-token=", headers: ["X-CSRF-Token: s3cret"] },
  "in a cookie alone": { headers: ["Cookie: csrf-token=s3cret; csrf=s3cret"] },
  "wrong in a header, right in the next": { headers: ["X-CSRF-Token: x", "X-XSRF-Token: s3cret"] },
  "in a header that comes twice": { headers: ["X-CSRF-Token: s3cret", "X-CSRF-Token: s3cret"] },
  "wrong in the subprotocol": { headers: ["Sec-WebSocket-Protocol: sente-lite, csrf.x"] },
  "wrong in the subprotocol, before one that is right": {
    headers: ["Sec-WebSocket-Protocol: sente-lite, csrf.x, csrf.s3cret"],
  },
  "in the subprotocol without its word": { headers: ["Sec-WebSocket-Protocol: sente-lite, s3cret"] },
  "in a header of its own": { headers: ["Authorization: Bearer s3cret", "Csrf-Token: s3cret"] },
  "of somebody without a cookie, replayed with one": { query: "&csrf-token=s3cret", headers: ["Cookie: user=ann"] },
  "of another's cookie": { query: "&csrf-token=s3cret-bob", headers: ["Cookie: user=ann"] },
  "of one of two cookies": { query: "&csrf-token=s3cret-bob", headers: ["Cookie: user=ann", "Cookie: user=bob"] },
  "with a session that is named": {
    headers: ["Sec-WebSocket-Protocol: sente-lite, session.00000000-0000-4000-8000-000000000000.0"],
  },
  "in the fragment": { query: "#csrf-token=s3cret" },
};

export function pageAttacks({ test, guarded }: AttackSection): void {
  const path = () => `/chsk?client-id=${fresh("page")}&codec=edn`;

  describe("§1 attacks: origins", () => {
    for (const [what, headers] of Object.entries(origins)) {
      test(`the origin of ${what} is refused, in a line`, async () => {
        const { port } = guarded();
        const filled = headers.map((line) =>
          line.replaceAll("HOST", `127.0.0.1:${port}`).replaceAll("PORT", String(port)),
        );
        const answer = await answerTo(
          port,
          Buffer.from(requestWith(port, `${path()}&csrf-token=s3cret`, { headers: filled }), "latin1"),
        );
        expect(faultOf(answer)).toBeUndefined();
        expect(answer.status).toBe(403);
      });
    }

    test("the server's own pages pass, and those that are allowed", async () => {
      const { port } = guarded();
      for (const origin of [`http://127.0.0.1:${port}`, "http://a.example", "https://b.example:8443"]) {
        const answer = await answerTo(
          port,
          requestWith(port, `${path()}&csrf-token=s3cret`, { headers: [`Origin: ${origin}`] }),
        );
        expect([origin, answer.status]).toEqual([origin, 101]);
      }
    });
  });

  describe("§1 attacks: CSRF", () => {
    for (const [what, { query = "", ...changes }] of Object.entries(forgeries)) {
      test(`a token ${what} lets nobody in, and is not said again`, async () => {
        const { port } = guarded();
        const answer = await answerTo(port, requestWith(port, `${path()}${query}`, changes));
        expect(faultOf(answer)).toBeUndefined();
        expect(answer.text).not.toMatch(/s3cre/i);
      });
    }

    test("the token of one's own cookie lets in", async () => {
      const { port } = guarded();
      const request = requestWith(port, `${path()}&csrf-token=s3cret-ann`, { headers: ["Cookie: user=ann"] });
      expect((await answerTo(port, request)).status).toBe(101);
    });

    test("no token, right or wrong, is in what the application is told", () => {
      expect(JSON.stringify(guarded().events())).not.toMatch(/s3cre/i);
    });
  });
}
