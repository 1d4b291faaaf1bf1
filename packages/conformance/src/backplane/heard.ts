import type { Inbox, NodeId, Topic } from "@sente-lite/protocol/backplane";
import { PATIENCE_MS } from "../mailbox.ts";

/** What a node was told, one line each: `posted FROM TOPIC TEXT`, `gap FROM`, `joined NODE`, `gone NODE`, `failed CODE`. */
export class Heard implements Inbox {
  readonly lines: string[] = [];
  /** The numbers of what was posted. */
  readonly numbers: number[] = [];
  /** What a question is answered with. */
  answer: (from: NodeId, bytes: Uint8Array) => Promise<Uint8Array> = async (_, bytes) => bytes;
  readonly #watching = new Set<() => void>();

  posted(from: NodeId, topic: Topic, bytes: Uint8Array, number: number): void {
    this.numbers.push(number);
    this.#add(`posted ${from} ${topic} ${textOf(bytes)}`);
  }

  gap(from: NodeId | "all"): void {
    this.#add(`gap ${from}`);
  }

  joined(node: NodeId): void {
    this.#add(`joined ${node}`);
  }

  gone(node: NodeId): void {
    this.#add(`gone ${node}`);
  }

  asked(from: NodeId, bytes: Uint8Array): Promise<Uint8Array> {
    return this.answer(from, bytes);
  }

  failed(error: { readonly code: string }): void {
    this.#add(`failed ${error.code}`);
  }

  /** The texts that were posted here, gaps among them. */
  get posts(): string[] {
    return this.lines.filter((line) => /^(posted|gap)/.test(line)).map((line) => line.replace(/^posted \S+ \S+ /, ""));
  }

  /** Resolves when there is such a line, or was. */
  async line(wanted: string, patienceMs: number = PATIENCE_MS): Promise<void> {
    await this.until((lines) => lines.includes(wanted), wanted, patienceMs);
  }

  async until(isThere: (lines: readonly string[]) => boolean, what: string, patienceMs: number = PATIENCE_MS) {
    if (isThere(this.lines)) return;
    await new Promise<void>((resolve, reject) => {
      const end = () => {
        clearTimeout(guard);
        this.#watching.delete(look);
      };
      const guard = setTimeout(() => {
        end();
        reject(new Error(`${what} did not come in ${patienceMs} ms, but\n${this.lines.slice(-20).join("\n")}`));
      }, patienceMs);
      const look = () => {
        if (!isThere(this.lines)) return;
        end();
        resolve();
      };
      this.#watching.add(look);
    });
  }

  #add(line: string): void {
    this.lines.push(line);
    for (const look of this.#watching) look();
  }
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
export const textOf = (bytes: Uint8Array): string => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
