import { type Answered, ReplyError, type RequestOptions, type SenteEvent, type To } from "@sente-lite/protocol";
import type { NodeId } from "@sente-lite/protocol/backplane";
import { type PostCodec, readEvent, readTarget, type Target } from "@sente-lite/protocol/cluster";
import { onAbort } from "../abort.ts";
import type { Cluster } from "./cluster.ts";
import { isRoom, labelsOf, uidOf } from "./registry.ts";
import type { Sharing } from "./sharing.ts";

/** A request to clients of other nodes. */
export interface NodeQuestion {
  readonly to: Target;
  readonly event: SenteEvent;
  readonly timeoutMs: number;
  /** Of several clients with one name, one is asked. */
  readonly isOne: boolean;
}

export interface AskingNodesOptions {
  readonly cluster: Cluster;
  readonly sharing: Sharing;
  /** Asks clients here. */
  readonly answer: (question: NodeQuestion) => Promise<readonly Answered[]>;
  readonly report: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
}

/** So much longer than its clients a node is waited for. */
const MARGIN_MS = 1_000;

/** Requests to clients that are at other nodes. */
export class AskingNodes {
  readonly #options: AskingNodesOptions;

  constructor(options: AskingNodesOptions) {
    this.#options = options;
    options.cluster.answer("request", async (_from, body) => {
      const { codec } = options.sharing;
      const question = readNodeQuestion(codec.decode(body));
      return codec.encode((await options.answer(question)).map(toWire));
    });
  }

  /** Asks one client, wherever it is; undefined where it is nowhere. Rejects with the reason of the signal. */
  async askOne(question: NodeQuestion, signal: RequestOptions["signal"]): Promise<Answered | undefined> {
    return unlessAborted(signal, this.#askOne(question));
  }

  /** Asks all clients that are meant, at all other nodes. Rejects with the reason of the signal. */
  async askAll(question: NodeQuestion, signal: RequestOptions["signal"]): Promise<readonly Answered[]> {
    const nodes = this.#options.sharing.nodes.map((node) => this.#ask(node, question));
    return (await unlessAborted(signal, Promise.all(nodes))).flat();
  }

  async #askOne(question: NodeQuestion): Promise<Answered | undefined> {
    for (const node of this.#options.sharing.likelyNodes(question.to)) {
      const [answered] = await this.#ask(node, question);
      if (answered !== undefined) return answered;
    }
    return undefined;
  }

  /** A node that does not answer has no clients: that is reported. */
  async #ask(node: NodeId, question: NodeQuestion): Promise<readonly Answered[]> {
    const { cluster, sharing, report } = this.#options;
    const { codec } = sharing;
    try {
      const answer = await cluster.ask(node, "request", codec.encode(question), question.timeoutMs + MARGIN_MS);
      return readAnswers(codec, answer);
    } catch (error) {
      report(error, { source: "requestFn", node });
      return [];
    }
  }
}

/** What `to` means, as other nodes are asked. */
export function targetOf(to: To): Target {
  if (isRoom(to)) return { room: to.room };
  return [...labelsOf(to)].map((one) =>
    one === null || typeof one === "string" ? uidOf(one) : { ...one, uid: uidOf(one.uid) },
  );
}

function readNodeQuestion(value: unknown): NodeQuestion {
  const { to, event, timeoutMs, isOne } = bodyOf(value);
  const target = readTarget(to);
  const read = readEvent(event);
  if (target === undefined || read === undefined || typeof timeoutMs !== "number") {
    throw new ReplyError("bad-request", { message: "a request of another node that asks nothing" });
  }
  return { to: target, event: read, timeoutMs, isOne: isOne === true };
}

function toWire(answered: Answered): unknown {
  const { uid, clientId } = answered;
  if (answered.status === "fulfilled") return { uid, clientId, value: answered.value ?? null };
  const { code, message, data = null } = answered.reason;
  return { uid, clientId, code, message, data };
}

function readAnswers(codec: PostCodec, bytes: Uint8Array): readonly Answered[] {
  const all = codec.decode(bytes);
  return Array.isArray(all) ? all.map(readAnswered) : [];
}

function readAnswered(given: unknown): Answered {
  const { uid, clientId, code, message, data, value } = bodyOf(given);
  const who = { uid: typeof uid === "string" ? uid : null, clientId: String(clientId) };
  if (typeof code !== "string") return { ...who, status: "fulfilled", value };
  return { ...who, status: "rejected", reason: new ReplyError(code, { message: String(message), data }) };
}

function bodyOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

/** The same, unless the caller gives up before. */
function unlessAborted<T>(signal: RequestOptions["signal"], work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stopWaiting = onAbort(signal, () => {
      stopWaiting();
      reject(signal?.reason);
    });
    work.finally(() => stopWaiting()).then(resolve, reject);
  });
}
