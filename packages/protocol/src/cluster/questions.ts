import { utf8Decoder, utf8Encoder } from "../codecs/utf8.ts";
import { codeOf } from "../error-chan.ts";
import { ProtocolError } from "../errors.ts";

// What nodes of one application ask each other through a backplane: a byte for the version, a byte that says what
// follows, and a body that is the business of who asks. It is ours alone, and no part of the wire between peers.

/** Nodes that speak another version are refused, and told so: a question to them fails, and nothing else does. */
export const CLUSTER_VERSION = 1;

/** No question, answer or post is longer: what is, nobody reads. */
export const MAX_CLUSTER_BYTES: number = 8 * 1024 * 1024;

/** What nodes ask each other. A number stays what it is for ever. */
const kinds = { presence: 1, request: 2, session: 3, missed: 5, alive: 6 } as const;

/**
 * What nodes ask each other: who is here; a request to clients; a session that moves; what was posted to some topics after a
 * number; whether a node lives.
 */
export type AskKind = keyof typeof kinds;

const OK = 0;
const FAILED = 1;
const HEAD = 2;
/** A code and a text are cut to so many characters. */
const MAX_TEXT = 500;

export interface Question {
  readonly kind: AskKind;
  readonly body: Uint8Array;
}

/** Makes the bytes of a question. */
export function writeQuestion(kind: AskKind, body: Uint8Array): Uint8Array {
  return join(kinds[kind], body);
}

/** Throws `ProtocolError` for what is no question of this version. */
export function readQuestion(bytes: Uint8Array): Question {
  const code = checkHead(bytes);
  for (const [kind, number] of Object.entries(kinds)) {
    if (number === code) return { kind: kind as AskKind, body: bytes.subarray(HEAD) };
  }
  throw new ProtocolError("unknown-question", `a question of the kind ${code}, which this node does not know`);
}

/** What is answered: a body, or why there is none. */
export type Answered =
  | { readonly ok: true; readonly body: Uint8Array }
  | { readonly ok: false; readonly error: unknown };

/** Makes the bytes of an answer. Of an error they have the code and the message alone. */
export function writeAnswer(answered: Answered): Uint8Array {
  if (answered.ok) return join(OK, answered.body);
  const { error } = answered;
  const message = error instanceof Error ? error.message : "";
  return join(FAILED, utf8Encoder.encode(`${codeOf(error) ?? "failed"}\n${message.slice(0, MAX_TEXT)}`));
}

/** The body of an answer. Throws `ProtocolError`: what the node refused with, or `bad-answer`. */
export function readAnswer(bytes: Uint8Array): Uint8Array {
  const status = checkHead(bytes);
  const body = bytes.subarray(HEAD);
  if (status === OK) return body;
  if (status !== FAILED) throw new ProtocolError("bad-answer", `an answer of the kind ${status}`);
  let text: string;
  try {
    text = utf8Decoder.decode(body.subarray(0, 4 * MAX_TEXT));
  } catch (cause) {
    throw new ProtocolError("bad-answer", "an answer that is no text", { cause });
  }
  const [code = "", message = ""] = text.split("\n", 2);
  throw new ProtocolError(/^[a-z]+(-[a-z]+)*$/.test(code) ? code : "failed", `another node refused: ${message}`);
}

/** The second byte of what is of this version. */
export function checkHead(bytes: Uint8Array): number {
  const [version, second] = bytes;
  if (bytes.length > MAX_CLUSTER_BYTES) {
    throw new ProtocolError(
      "too-large",
      `${bytes.length} bytes of another node, where at most ${MAX_CLUSTER_BYTES} are read`,
    );
  }
  if (version !== CLUSTER_VERSION || second === undefined) {
    throw new ProtocolError("cluster-version", `bytes of another version (${version}, and not ${CLUSTER_VERSION})`);
  }
  return second;
}

/** A version, a number and a body in one. */
export function join(second: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEAD + body.length);
  bytes[0] = CLUSTER_VERSION;
  bytes[1] = second;
  bytes.set(body, HEAD);
  return bytes;
}
