import type { Trace } from "./trace.ts";

// A run as a sequence diagram in text: time on the left, a lifeline for each client, one for the server.

const WIDTH = 100;
const TIME = 6;
/** Between the lifelines of clients. */
const STEP = 4;

export interface DiagramOptions {
  readonly clients: number;
  /** Texts that are left out. */
  readonly without?: RegExp;
}

/** The lines of the diagram, none longer than 100 characters. */
export function draw(traces: readonly Trace[], { clients, without }: DiagramOptions): readonly string[] {
  const hasGhosts = traces.some((trace) => trace.type === "arrow" && trace.client === undefined);
  const columns = clients + (hasGhosts ? 1 : 0);
  const columnOf = (client: number | undefined) => TIME + STEP * (client ?? clients);
  const lines = [header(clients, hasGhosts)];
  for (const trace of traces) {
    if (trace.type !== "break" && without?.test(trace.text)) continue;
    const row = new Row(columns);
    if (trace.type === "break") row.put(columnOf(trace.who), "X  the connection breaks");
    else if (trace.type === "arrow") row.arrow(columnOf(trace.client), trace);
    else if (trace.who === "server") row.put(WIDTH - 3 - trace.text.length, trace.text);
    else row.put(columnOf(trace.who) + 3, cut(trace.text, WIDTH - 3 - columnOf(trace.who) - 3));
    lines.push(row.text(trace.at));
  }
  return lines;
}

function header(clients: number, hasGhosts: boolean): string {
  const names = clients === 1 ? ["client"] : Array.from({ length: clients }, (_, index) => `c${index}`.padEnd(STEP));
  const left = `${"ms".padStart(TIME - 1)} ${names.join("")}${hasGhosts ? " (late)" : ""}`;
  return `${left.padEnd(WIDTH - "server".length)}server`;
}

class Row {
  readonly #cells: string[];

  constructor(columns: number) {
    this.#cells = new Array<string>(WIDTH).fill(" ");
    for (let column = 0; column < columns; column++) this.put(TIME + STEP * column, "|");
    this.put(WIDTH - 1, "|");
  }

  put(at: number, text: string): void {
    [...text].forEach((character, index) => {
      this.#cells[at + index] = character;
    });
  }

  arrow(column: number, { from, text, arrived, at, sentAt }: Extract<Trace, { type: "arrow" }>): void {
    const late = at - sentAt >= 500 ? ` (sent at ${sentAt})` : "";
    const length = WIDTH - 1 - column - 3;
    const label = cut(readable(text), length - 6 - late.length) + late;
    // What is lost ends on its way.
    const line = (arrived ? length : Math.min(length, label.length + 12)) - label.length - 5;
    const dashes = "-".repeat(Math.max(1, line));
    if (from === "client") this.put(column + 2, `-- ${label} ${dashes}${arrived ? ">" : "X"}`);
    else {
      const drawn = `${arrived ? "<" : "X"}${dashes} ${label} --`;
      this.put(WIDTH - 2 - drawn.length, drawn);
    }
  }

  text(at: number): string {
    return `${String(at).padStart(TIME - 1)} ${this.#cells.join("").slice(TIME)}`.trimEnd();
  }
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, Math.max(0, length - 3))}...`;
}

/** A frame in EDN, with sessions named by the beginning of their id. */
function readable(text: string): string {
  const named = text.replace(/\b([0-9a-f]{4})[0-9a-f]{4}-[0-9a-f-]{27}/g, "$1");
  if (!named.startsWith("[")) return named;
  try {
    return edn(JSON.parse(named));
  } catch {
    return named;
  }
}

function edn(value: unknown): string {
  if (value === null) return "nil";
  if (typeof value === "string") return /^[a-z-]+\/[a-z-]+$/.test(value) ? `:${value}` : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(edn).join(" ")}]`;
  if (typeof value !== "object") return String(value);
  // The numbers of a handshake are always the same.
  const pairs = Object.entries(value).filter(([key]) => !["max-frame", "ack", "features"].includes(key));
  return `{${pairs.map(([key, one]) => `:${key} ${key === "session" ? one : edn(one)}`).join(" ")}}`;
}
