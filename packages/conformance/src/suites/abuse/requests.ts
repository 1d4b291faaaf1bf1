import { RawSocket, upgradeRequest } from "../../raw/raw-socket.ts";

/** What a server said to bytes that are meant for a request. */
export interface Answer {
  /** Of the first answer; 0 where the connection ended without one. */
  readonly status: number;
  readonly text: string;
}

/** Longer than any answer of ours, shorter than a page, a stack or a list of anything. */
const MAX_ANSWER = 600;

/** Sends bytes on a connection of their own, and gives what is answered before the peer leaves. */
export async function answerTo(port: number, bytes: string | Uint8Array, host?: string): Promise<Answer> {
  const socket = await RawSocket.open(port, { host });
  socket.write(bytes);
  const text = await socket.untilOrEnd((seen) => seen.includes("\r\n\r\n"));
  socket.destroy();
  return { status: Number(/^HTTP\/1\.\d (\d{3})/.exec(text)?.[1] ?? 0), text };
}

/** An upgrade request with such headers; a pattern replaces a line that is there. */
export function requestWith(port: number, path: string, { headers = [], changes = [] }: Changes = {}): string {
  return changes.reduce((text, [what, by]) => text.replace(what, by), upgradeRequest(port, path, headers));
}

export interface Changes {
  readonly headers?: readonly string[];
  readonly changes?: readonly (readonly [RegExp, string])[];
}

/** What is wrong with an answer that should refuse: an upgrade, or more than a line for who asked. Undefined where nothing is. */
export function faultOf({ status, text }: Answer): string | undefined {
  if (status === 101) return "upgraded";
  if (status !== 0 && (status < 400 || status > 599)) return `answered ${status}`;
  if (text.length > MAX_ANSWER) return `an answer of ${text.length} bytes`;
  // A stack, a path of the server's, a page, or the Host that was sent.
  return /\n\s+at |file:|node_modules|\/(?:home|root|usr|tmp|work)\/|<html|<script/i.exec(text)?.[0];
}
