import { draw } from "./diagram.ts";
import { run } from "./run.ts";
import { type Command, plainSetup, type Schedule } from "./schedule.ts";

// The figures of PROTOCOL.md section 6: drawn from what the engine's own client and server do.

const schedule = (commands: readonly Command[]): Schedule => ({
  seed: 1,
  setup: plainSetup,
  commands,
  isCalm: false,
});

const lost = { type: "drop", client: 0, toServer: undefined, toClient: undefined } as const;
const push: Command = { type: "push", client: 0, count: 1, flush: true };
const send: Command = { type: "send", client: 0, count: 1 };
const wait = (ms: number): Command => ({ type: "wait", ms });

const scenarios: Readonly<Record<string, Schedule>> = {
  "resume after a drop": schedule([
    wait(100),
    push,
    send,
    wait(100),
    push,
    send,
    wait(10),
    { ...lost, clientMs: 0, serverMs: 0 },
    push,
    send,
    wait(700),
  ]),
  "takeover of a connection whose end the server has not noticed": schedule([
    wait(100),
    push,
    wait(100),
    { ...lost, clientMs: 0, serverMs: undefined },
    push,
    wait(700),
  ]),
  "loss of the session in a restart": schedule([
    wait(100),
    send,
    wait(100),
    send,
    wait(10),
    { type: "restart", how: "crash", downMs: 200 },
    wait(30),
    send,
    wait(1_500),
  ]),
};

/** The figures, by name. */
export async function figures(): Promise<ReadonlyMap<string, string>> {
  const drawn = new Map<string, string>();
  for (const [name, given] of Object.entries(scenarios)) {
    const { failure, traces } = await run(given, true, false);
    if (failure !== undefined) throw new Error(`${name}: ${failure}`);
    drawn.set(name, draw(traces, { clients: 1, without: /^opening$/ }).join("\n"));
  }
  return drawn;
}
