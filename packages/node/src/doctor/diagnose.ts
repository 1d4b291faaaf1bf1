import { performance } from "node:perf_hooks";
import { codecs as named } from "@sente-lite/engine/codecs";
import type { Codec } from "@sente-lite/protocol";
import { makePrintable } from "@sente-lite/protocol/calls";
import { gzip } from "@sente-lite/protocol/gzip";
import {
  ackFrame,
  clientPingFrame,
  type Form,
  type Handshake,
  pingFrame,
  readHandshake,
  SUBPROTOCOL,
  sessionProtocol,
} from "@sente-lite/protocol/session";
import { type Opened, openProbe, type Probe } from "./probe.ts";

export type Grade = "ok" | "note" | "bad";

export interface Finding {
  readonly check: string;
  readonly grade: Grade;
  readonly detail: string;
}

/** What answers at an address. */
export interface Diagnosis {
  readonly url: string;
  /** True where a client could work with it. */
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  readonly form?: Form;
  readonly codec?: string;
  /** True where the server keeps sessions (PROTOCOL.md section 6), and one was resumed. */
  readonly session?: boolean;
  readonly resumed?: boolean;
  /** Median of the pings, in milliseconds. */
  readonly pingMs?: number;
  readonly closeCode?: number;
}

export interface DiagnoseOptions {
  /** How long each answer may take. Default 5,000. */
  readonly timeoutMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** How long to stay silent, to see whether something in between cuts idle connections. Default 0: not tried. */
  readonly idleMs?: number;
}

const plain: readonly Codec[] = Object.values(named);
const codecs: readonly Codec[] = [...plain, ...plain.map((codec) => gzip(codec))];
const PINGS = 5;

/** Connects to an address as Sente's clients and ours do, and tells what answers there, and what is broken in between. */
export async function diagnose(url: string, options: DiagnoseOptions = {}): Promise<Diagnosis> {
  return new Doctor(url, options).examine();
}

type Found = {
  readonly [K in "form" | "codec" | "session" | "resumed" | "pingMs" | "closeCode"]?: Diagnosis[K] | undefined;
};

interface Greeting {
  readonly codec: Codec;
  readonly handshake: Handshake & { readonly form: Form };
}

class Doctor {
  readonly #url: string;
  readonly #timeoutMs: number;
  readonly #options: DiagnoseOptions;
  readonly #findings: Finding[] = [];
  readonly #clientId = `doctor-${Math.random().toString(36).slice(2, 10)}`;

  constructor(url: string, options: DiagnoseOptions) {
    this.#url = url;
    this.#timeoutMs = options.timeoutMs ?? 5_000;
    this.#options = options;
  }

  async examine(): Promise<Diagnosis> {
    const plain = await this.#open("connect", {});
    if (plain === undefined) return this.#diagnosis(false);
    const greeting = await this.#waitForGreeting(plain, "handshake");
    if (greeting === undefined) return this.#diagnosis(false);
    const { codec, handshake } = greeting;
    const { form } = handshake;
    const known = { form, codec: codec.name };
    const pingMs = await this.#ping(plain, greeting);
    if (form === "bare") {
      const closeCode = await this.#close(plain);
      return this.#diagnosis(true, { ...known, pingMs, closeCode });
    }
    plain.cut();
    const own = await this.#tryAsOwnPeer(greeting);
    return this.#diagnosis(true, { ...known, pingMs, ...own });
  }

  #note(check: string, grade: Grade, detail: string): void {
    // The peer wrote some of it, and a terminal does what its control characters say.
    this.#findings.push({ check, grade, detail: makePrintable(detail) });
  }

  #diagnosis(ok: boolean, found: Found = {}): Diagnosis {
    const given = Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
    return {
      // Its query may have a token, and reports are pasted.
      url: this.#url.replace(/\?.*/s, "?..."),
      ok: ok && !this.#findings.some(({ grade }) => grade === "bad"),
      ...given,
      findings: this.#findings,
    };
  }

  #address(parameters: Readonly<Record<string, string>>): string {
    const query = new URLSearchParams({ "client-id": this.#clientId, ...parameters }).toString();
    return `${this.#url}${this.#url.includes("?") ? "&" : "?"}${query}`;
  }

  async #open(
    check: string,
    parameters: Readonly<Record<string, string>>,
    protocols: readonly string[] = [],
  ): Promise<Probe | undefined> {
    const { headers = {} } = this.#options;
    const opened = await openProbe(this.#address(parameters), { timeoutMs: this.#timeoutMs, protocols, headers });
    if (opened.type === "open") {
      this.#note(check, "ok", `WebSocket open after ${opened.ms.toFixed(0)} ms`);
      return opened.probe;
    }
    this.#note(check, "bad", refusal(opened));
    return undefined;
  }

  /** The handshake tells the form, and the codec that the server takes where none is named. */
  async #waitForGreeting(probe: Probe, check?: string): Promise<Greeting | undefined> {
    const frame = await probe.takeFrame();
    if (frame === undefined) {
      const close = await probe.waitForEnd(0);
      this.#note("handshake", "bad", close === undefined ? "no frame came" : `closed with ${closeText(close)}`);
      probe.cut();
      return undefined;
    }
    for (const codec of codecs) {
      try {
        const handshake = readHandshake(codec.decode(frame), codec.stringIds);
        if (handshake === undefined) continue;
        const who = handshake.uid === null ? "no user id" : `user id ${JSON.stringify(handshake.uid)}`;
        if (check !== undefined) this.#note(check, "ok", `${handshake.form} frames, ${codec.name}, ${who}`);
        return { codec, handshake };
      } catch {
        // Another codec, then.
      }
    }
    const text = typeof frame === "string" ? frame.slice(0, 80) : `${frame.byteLength} binary bytes`;
    this.#note("handshake", "bad", `the first frame is no handshake of Sente's: ${text}`);
    probe.cut();
    return undefined;
  }

  async #ping(probe: Probe, { codec, handshake }: Greeting): Promise<number | undefined> {
    const times: number[] = [];
    for (let n = 1; n <= PINGS; n++) {
      const begun = performance.now();
      const ping = handshake.form === "bare" ? pingFrame(codec, "bare") : clientPingFrame(codec, `p${n}`);
      probe.send(ping.data);
      if ((await probe.takeFrame()) === undefined) break;
      times.push(performance.now() - begun);
    }
    const median = times.sort((a, b) => a - b)[times.length >> 1];
    if (median === undefined) this.#note("ping", "bad", "no answer: clients will give this connection up");
    else this.#note("ping", "ok", `${median.toFixed(1)} ms, the median of ${times.length}`);
    return median;
  }

  /** As our own clients connect: sessions, the subprotocol that they travel in, and close codes. */
  async #tryAsOwnPeer({ codec }: Greeting): Promise<Found> {
    const parameters = { "sente-lite": "1", codec: codec.name };
    const first = await this.#open("as sente-lite", { ...parameters, attempt: "1" });
    if (first === undefined) return {};
    const greeting = await this.#waitForGreeting(first);
    const session = greeting?.handshake.session;
    if (session === undefined) {
      this.#note("session", "note", "none: Sente's promise, at most once (a server of Sente's, or sessions are off)");
      return { session: false, closeCode: await this.#close(first) };
    }
    first.send(ackFrame(codec, 0).data);
    await this.#stayIdle(first);
    first.cut();
    const protocols = [SUBPROTOCOL, sessionProtocol({ id: session.id, received: 0 })];
    const second = await this.#open("resume", { ...parameters, attempt: "2" }, protocols);
    if (second === undefined) return { session: true, resumed: false };
    const resumed = (await this.#waitForGreeting(second))?.handshake.session?.resumed === true;
    if (second.protocol !== SUBPROTOCOL) {
      this.#note("subprotocol", "bad", "sente-lite was offered and not chosen: something in between drops the header");
    }
    if (resumed) this.#note("session", "ok", "a cut connection was resumed");
    else this.#note("session", "bad", "not resumed: the second connection came to another process, or lost its header");
    return { session: true, resumed, closeCode: await this.#close(second) };
  }

  async #stayIdle(probe: Probe): Promise<void> {
    const { idleMs = 0 } = this.#options;
    if (idleMs <= 0) return;
    const close = await probe.waitForEnd(idleMs);
    if (close === undefined) this.#note("idle", "ok", `still open after ${idleMs} ms of silence`);
    else this.#note("idle", "note", `closed with ${closeText(close)} while idle`);
  }

  async #close(probe: Probe): Promise<number | undefined> {
    const close = await probe.close(4000);
    if (close === undefined) this.#note("close", "note", "no answer to a close");
    else if (close.code === 4000) this.#note("close", "ok", "close codes arrive as they were sent");
    else this.#note("close", "note", `closed with 4000, answered ${closeText(close)}`);
    return close?.code;
  }
}

function closeText({ code, reason }: { readonly code: number; readonly reason: string }): string {
  return reason === "" ? String(code) : `${code} ${reason}`;
}

/** What a refusal means, where that is known. */
function refusal(opened: Exclude<Opened, { type: "open" }>): string {
  if (opened.type === "failed") return opened.message;
  const { status, body } = opened;
  const cures: Readonly<Record<number, string>> = {
    200: "a web page answers here: the path is wrong, or a proxy does not pass upgrades on",
    400: "the request was not understood; a proxy may drop the Upgrade header",
    401: "credentials are missing (--header)",
    403: "a CSRF token, or the origin, was refused",
    404: "nothing at this path; by convention it is /chsk",
    426: "the Upgrade header did not arrive: a proxy drops it",
    502: "a proxy answers, and the server behind it does not",
    503: "the server drains, or is not up",
  };
  const cure = cures[status];
  return [`HTTP ${status}`, body.split("\n", 1)[0], cure].filter((part) => part).join(" - ");
}
