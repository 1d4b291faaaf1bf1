import type {
  ChannelSocketClient,
  ClientMessage,
  ClientOptions,
  ClientState,
  ErrorReport,
  Watchable,
} from "@sente-lite/protocol";
import { afterAll, beforeAll, inject, onTestFinished } from "vitest";
import { codecs } from "../../codecs.ts";
import { Mailbox, PATIENCE_MS } from "../../mailbox.ts";
import { Control, type Stage } from "../../stage/stage.ts";
import type { TestFn } from "../../targets/known-failures.ts";
import type { ClientTarget } from "../../targets/target.ts";

/** What each section of the client suite is given. */
export interface ClientSection {
  readonly target: ClientTarget;
  readonly test: TestFn;
  readonly control: () => Control;
}

/** A client under test, and the stage that it connects to. */
export interface Played {
  readonly client: ChannelSocketClient;
  readonly stage: Stage;
  readonly messages: Mailbox<ClientMessage>;
  readonly errors: Mailbox<ErrorReport>;
  /** Every state since it was made. */
  readonly states: readonly ClientState[];
}

/** The control socket of a file of tests. */
export function controlFor({ WebSocket }: Pick<ClientTarget, "WebSocket">): () => Control {
  let control: Control | undefined;
  beforeAll(async () => {
    control = await Control.connect(WebSocket, inject("stageOrigin"));
  });
  afterAll(() => control?.close());
  return () => {
    if (control === undefined) throw new Error("there is no control socket");
    return control;
  };
}

/** Reconnects at once, and is quiet otherwise. */
const fast = { reconnectBaseMs: 1, reconnectCapMs: 5 };

/** Makes a client that connects to a stage of its own; both end with the test. `query` is added to the address. */
export async function stageClient(section: ClientSection, options: ClientOptions = {}, query = ""): Promise<Played> {
  const { target, control } = section;
  const stage = await control().stage();
  const client = target.makeClient(`${stage.url}${query}`, {
    codec: codecs.edn,
    clientId: "c1",
    ...fast,
    ...options,
  });
  onTestFinished(() => client.close());
  return { client, stage, ...observe(client) };
}

/** What comes out of a client, kept to be awaited. */
export function observe(client: ChannelSocketClient): Pick<Played, "messages" | "errors" | "states"> {
  const messages = new Mailbox<ClientMessage>("messages", ({ event }) => JSON.stringify(event));
  const errors = new Mailbox<ErrorReport>("errors", ({ error }) => String(error));
  const states: ClientState[] = [];
  client.chRecv.on("*", (message) => messages.push(message));
  client.errorChan.on((report) => errors.push(report));
  client.state.subscribe((state) => states.push(state));
  return { messages, errors, states };
}

/** Waits until a watched value is as asked. */
export function until<T>(watchable: Watchable<T>, accepts: (value: T) => boolean): Promise<T> {
  const current = watchable.get();
  if (accepts(current)) return Promise.resolve(current);
  return new Promise((resolve, reject) => {
    const guard = setTimeout(() => {
      stop();
      reject(new Error(`it stayed ${JSON.stringify(watchable.get())}`));
    }, PATIENCE_MS);
    const stop = watchable.subscribe((value) => {
      if (!accepts(value)) return;
      clearTimeout(guard);
      stop();
      resolve(value);
    });
  });
}

export const isOpen = (state: ClientState): boolean => state.open;

/** The codes of the errors that came. */
export function codesOf(errors: Mailbox<ErrorReport>): readonly unknown[] {
  return errors.all.map(({ error }) => (error as { readonly code?: string }).code);
}

export function errorWith(code: string): (report: ErrorReport) => boolean {
  return ({ error }) => (error as { readonly code?: string }).code === code;
}

export function withId(id: string): (message: ClientMessage) => boolean {
  return (message) => message.id === id;
}

/** Events of the application that came, in order. */
export function eventsOf(messages: Mailbox<ClientMessage>): readonly unknown[] {
  return messages.all.filter(({ id }) => !id.startsWith("chsk/")).map(({ event }) => event);
}

/** The cb-id of a request's frame in EDN: `[[:id data] "cb"]`. */
export function cbIdOf(frame: string): string {
  const [, cbId] = /"([^"]*)"\]$/.exec(frame) ?? [];
  if (cbId === undefined) throw new Error(`no cb-id in ${frame}`);
  return cbId;
}
