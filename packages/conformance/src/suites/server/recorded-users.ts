import { describe, expect, onTestFinished } from "vitest";
import { connectRaw, type RawPeer, type RawRequest, refusalOf } from "../../raw/raw-peer.ts";
import type { RunningServer } from "../../targets/target.ts";
import { type Deviations, type Recorded, strangers } from "../recorded.ts";
import { readRecording } from "./recording.ts";
import { type ServerSection, serverFor } from "./section.ts";

// What a real Sente answered to several connections of one user, and to requests that ask for none: asked of ours.

interface Ajax {
  readonly label: string;
  readonly dir: string;
  readonly request: { readonly method: string; readonly path: string; readonly body?: string };
}

const good = "http://good.example";
const bad = "http://bad.example";

/** The headers of the recorded upgrade requests, which the recording only names. */
const requests: Readonly<Record<string, RawRequest>> = {
  "good csrf param + good origin": { origin: good },
  "missing csrf": { origin: good },
  "bad csrf": { origin: good },
  "csrf in X-CSRF-Token header": { origin: good, headers: { "X-CSRF-Token": "secret" } },
  "csrf in X-XSRF-Token header": { origin: good, headers: { "X-XSRF-Token": "secret" } },
  "bad origin": { origin: bad },
  "no origin, no referer": {},
  "no origin, good referer": { headers: { Referer: `${good}/page` } },
  "bad csrf and bad origin": { origin: bad },
  "no client-id and bad csrf": { origin: good },
};

const otherwise: Deviations<{ readonly status: number; readonly body?: string }> = {
  "no origin, no referer": { status: 101, why: "a peer without an Origin is no browser, and passes (section 1)" },
  "no client-id and bad csrf": {
    status: 403,
    body: "Bad CSRF token",
    why: "without client-id it is a bare peer (section 4), whose token is judged",
  },
};

/** A handshake without what the application put into it: each had its own. */
function stripData(handshake: string): string {
  return handshake.replace(/\{:server.*\}/, "DATA");
}

async function openPeer(server: RunningServer, url: string, request: RawRequest = {}): Promise<RawPeer> {
  const peer = await connectRaw(`${server.url}${new URL(url).search}`, request);
  onTestFinished(() => peer.terminate());
  return peer;
}

export function recordedUserTests(section: ServerSection): void {
  const { test } = section;

  describe("§1 refusal: as a real Sente answered", () => {
    const options = { csrfToken: "secret", allowedOrigins: [good] };
    const server = serverFor(section, { codecs: ["edn"], options });
    const { frames } = readRecording<{ readonly frames: readonly (Recorded | Ajax)[] }>("sente/http.json");
    const asked = frames.filter((frame): frame is Recorded => "url" in frame && /^http-/.test(frame.dir));

    for (const frame of asked) {
      const { label, url = "" } = frame;
      const deviation = otherwise[label];
      const { status, body } = deviation ?? frame;
      test(`recorded request: ${label}${deviation === undefined ? "" : ` (otherwise: ${deviation.why})`}`, async () => {
        const request = requests[label];
        if (request === undefined) throw new Error("its headers are not known");
        if (status !== 101) {
          const refusal = await refusalOf(`${server().url}${new URL(url).search}`, request);
          expect(refusal).toEqual({ status, body });
          return;
        }
        const peer = await openPeer(server(), url, request);
        expect(stripData(await peer.text())).toBe('[[:chsk/handshake ["h1" nil DATA]] nil]');
        expect((await peer.close(1000, "CLOSE_NORMAL")).code).toBe(1000);
      });
    }

    test("recorded requests of Ajax (otherwise: there is no fallback, they are answered 426)", async () => {
      const ajax = frames.filter((frame): frame is Ajax => "request" in frame);
      expect(ajax).toHaveLength(7);
      for (const { request } of ajax) {
        const { method, path, body = null } = request;
        const answer = await fetch(new URL(path, `http://127.0.0.1:${server().port}`), { method, body });
        expect(answer.status).toBe(426);
      }
    });

    test("recorded requests: every label of a table is one of the recording", () => {
      const labels = asked.map(({ label }) => label);
      expect([...strangers(requests, labels), ...strangers(otherwise, labels)]).toEqual([]);
    });
  });

  describe("§9 presence: several connections of a user, as a real Sente served them", () => {
    const server = serverFor(section, { codecs: ["edn"], options: { presenceGraceMs: 800 } });
    const { frames } = readRecording<{ readonly frames: readonly Recorded[] }>("sente/multi-edn.json");
    const returned = "A3 cid=ma uid=u (reconnect after ~1 s)";
    const late = "A4 cid=ma uid=u (late)";

    test("recorded: each gets what is meant for it (otherwise: what was pushed to an absent user comes in order, in one frame)", async () => {
      const peers = new Map<string, RawPeer>();
      const of = (conn: string) => {
        const peer = peers.get(conn);
        if (peer === undefined) throw new Error(`${conn} is not connected`);
        return peer;
      };
      for (const { conn = "", dir, kind, text = "", url = "", code, reason, label } of frames) {
        if (dir === "http-upgrade") {
          peers.set(conn, await openPeer(server(), url));
        } else if (dir === "client>server" && kind === "close")
          expect((await of(conn).close(code, reason)).code).toBe(1000);
        else if (dir === "client>server") {
          if (label.startsWith("push when u has been gone")) {
            await server().next(({ event, uid }) => event?.[0] === "chsk/uidport-close" && uid === "u");
          }
          of(conn).send(text);
          // The server has read it, before others come or go.
          if (label.startsWith("push")) expect(await of(conn).ask('[[:test/echo 1] "read"]')).toBe('[1 "read"]');
        } else if (kind === "text") {
          if (conn === returned && text.includes(":m/four")) continue;
          const expected = text.includes(":m/five") ? "[[[:m/four 4] [:m/five 5]] nil]" : text;
          expect(stripData(await of(conn).text())).toBe(stripData(expected));
        }
      }
      // What was pushed when the user was long gone came to nobody.
      expect(of(late).received.slice(1)).toEqual([]);
    });
  });
}
