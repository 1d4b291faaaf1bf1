import { Buffer } from "node:buffer";
import { type createClient, RESP_TYPES } from "redis";
import { type Connection, type ConnectionEvents, countOf, type Word } from "./connection.ts";

/** A client of node-redis for one server. */
export type ServerClient = ReturnType<typeof createClient>;

const typeMapping = { [RESP_TYPES.BLOB_STRING]: Buffer } as const;

/** One Redis server: a client for commands, and one that listens. */
export class ServerConnection implements Connection {
  readonly #commands: ServerClient;
  readonly #listener: ServerClient;
  readonly #events: ConnectionEvents;

  constructor(commands: ServerClient, listener: ServerClient, events: ConnectionEvents) {
    this.#commands = commands;
    this.#listener = listener;
    this.#events = events;
  }

  async open(): Promise<void> {
    const clients = [this.#commands, this.#listener];
    for (const client of clients) {
      // Each error has a "reconnecting" after it, or is what `connect` rejects with.
      client.on("error", () => undefined);
      client.on("reconnecting", () => this.#events.down());
      client.on("ready", () => {
        if (clients.every(({ isReady }) => isReady)) this.#events.up();
      });
    }
    await Promise.all(clients.map((client) => client.connect()));
  }

  async call(_: string, words: readonly Word[]): Promise<unknown> {
    return this.#commands.sendCommand([...words], { typeMapping });
  }

  async publish(messages: readonly { readonly channel: string; readonly bytes: Buffer }[]): Promise<void> {
    const commands = this.#commands.multi();
    for (const { channel, bytes } of messages) commands.addCommand(["PUBLISH", channel, bytes]);
    await commands.execAsPipeline();
  }

  async subscribe(channel: string): Promise<void> {
    await this.#listener.subscribe(channel, this.#hear, true);
  }

  async unsubscribe(channel: string): Promise<void> {
    await this.#listener.unsubscribe(channel, this.#hear, true);
  }

  async countSubscribers(channel: string): Promise<number> {
    return countOf(await this.#commands.sendCommand(["PUBSUB", "NUMSUB", channel]));
  }

  close(): void {
    for (const client of [this.#commands, this.#listener]) if (client.isOpen) client.destroy();
  }

  readonly #hear = (bytes: Buffer): void => this.#events.message(bytes);
}
