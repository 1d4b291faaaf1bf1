import { once } from "node:events";
import { connect } from "node:net";
import { findBroker } from "../../../../tooling/scripts/brokers.mjs";
import { BrokerProcess } from "./broker-process.ts";
import type { Broker } from "./stage.ts";

/** What a redis-server is started with that keeps nothing on a disk. */
export const redisArgs = (port: number, folder: string): string[] => [
  ...["--port", `${port}`, "--bind", "127.0.0.1", "--dir", folder],
  ...["--save", "", "--appendonly", "no", "--daemonize", "no"],
];

/** A redis-server; `isTls`: that speaks TLS alone, by a certificate that `extra` names. */
export async function startRedis(extra: readonly string[] = [], { isTls = false } = {}): Promise<Broker> {
  const process = await BrokerProcess.start({
    command: findBroker("redis-server") ?? "redis-server",
    args: (port, folder) => [
      ...redisArgs(isTls ? 0 : port, folder),
      ...(isTls ? ["--tls-port", `${port}`] : []),
      ...extra,
    ],
    ready: /Ready to accept connections/,
  });
  return {
    name: "redis",
    port: process.port,
    restart: () => process.restart(),
    stop: () => process.stop(),
    publish: async (prefix, topic, bytes) => {
      await command(process.port, ["PUBLISH", `{${prefix}}:t:${topic}`, bytes]);
    },
  };
}

/** Sends one command; resolves to what comes back. */
export async function command(port: number, words: readonly (string | Uint8Array)[]): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(`*${words.length}\r\n`);
  for (const word of words) {
    const bytes = Buffer.from(word as Uint8Array);
    socket.write(Buffer.concat([Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from("\r\n")]));
  }
  const [reply] = await once(socket, "data");
  socket.destroy();
  return String(reply);
}
