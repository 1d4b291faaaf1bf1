import { isNodeId, type NodeId } from "../backplane/index.ts";
import { ProtocolError } from "../errors.ts";
import { isCount, type PostCodec } from "./posts.ts";

// What a node asks another of a session whose client came to it.

/** A client came that names this session: who it is, how it speaks, and its attempt. */
export interface SessionQuestion {
  readonly id: string;
  readonly uid: string | null;
  readonly clientId: string;
  /** The name of its codec. */
  readonly codec: string;
  readonly form: string;
  readonly features: readonly string[];
  readonly attempt: number;
  /** What that node binds sessions to, of its connection; null where it binds them to nothing. */
  readonly binding: string | null;
}

/** What became of the session. */
export type SessionAnswer =
  /** It waits in the backplane, for who takes it. */
  | { readonly type: "put" }
  /** A later attempt of its client was accepted. */
  | { readonly type: "stale" }
  /** Another node asked for it before. */
  | { readonly type: "moved"; readonly to: NodeId }
  /** It is not there, or is another's. */
  | { readonly type: "gone" };

type Body = Readonly<Record<string, unknown>>;

/** The bytes of a question. Throws `EncodeError`. */
export function writeSessionQuestion(codec: PostCodec, question: SessionQuestion): Uint8Array {
  return codec.encode(question);
}

/** Throws `ProtocolError` `bad-question`, and `DecodeError`. */
export function readSessionQuestion(codec: PostCodec, bytes: Uint8Array): SessionQuestion {
  const { id, uid, clientId, codec: name, form, features, attempt, binding = null } = bodyOf(codec.decode(bytes));
  const texts = [
    id,
    clientId,
    name,
    form,
    ...(uid === null ? [] : [uid]),
    ...(binding === null ? [] : [binding]),
    ...(Array.isArray(features) ? features : [0]),
  ];
  if (!texts.every((one) => typeof one === "string") || !isCount(attempt)) {
    throw new ProtocolError("bad-question", "a question for a session that names none");
  }
  return { id, uid, clientId, codec: name, form, features, attempt, binding } as SessionQuestion;
}

/** The bytes of an answer. Throws `EncodeError`. */
export function writeSessionAnswer(codec: PostCodec, answer: SessionAnswer): Uint8Array {
  return codec.encode(answer);
}

/** What is no answer says that it is gone. Throws `DecodeError`. */
export function readSessionAnswer(codec: PostCodec, bytes: Uint8Array): SessionAnswer {
  const { type, to } = bodyOf(codec.decode(bytes));
  if (type === "put" || type === "stale") return { type };
  return type === "moved" && isNodeId(to) ? { type, to } : { type: "gone" };
}

function bodyOf(value: unknown): Body {
  return typeof value === "object" && value !== null ? (value as Body) : {};
}
