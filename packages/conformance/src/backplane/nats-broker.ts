import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { findBroker } from "../../../../tooling/scripts/brokers.mjs";
import { BrokerProcess } from "./broker-process.ts";
import type { Broker } from "./stage.ts";

/** A nats-server with JetStream; `files` lie where it runs, by name. */
export async function startNats(
  extra: readonly string[] = [],
  files: Readonly<Record<string, string>> = {},
): Promise<Broker & Pick<BrokerProcess, "signal">> {
  const process = await BrokerProcess.start({
    command: findBroker("nats-server") ?? "nats-server",
    args: (port, folder) => ["-a", "127.0.0.1", "-p", `${port}`, "-js", "-sd", join(folder, "jetstream"), ...extra],
    files,
    ready: /Server is ready/,
  });
  return {
    name: "nats",
    port: process.port,
    restart: () => process.restart(),
    signal: (name) => process.signal(name),
    stop: () => process.stop(),
    publish: (prefix, topic, bytes) => publish(process.port, `${prefix}.t:${topic}`, bytes),
  };
}

/** Publishes as any client may; resolves when the server has it. */
async function publish(port: number, subject: string, bytes: Uint8Array): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  socket.write('CONNECT {"verbose":false}\r\n');
  socket.write(Buffer.concat([Buffer.from(`PUB ${subject} ${bytes.length}\r\n`), bytes, Buffer.from("\r\nPING\r\n")]));
  let said = "";
  while (!said.includes("PONG")) {
    const [chunk] = await once(socket, "data");
    said += String(chunk);
  }
  socket.destroy();
}
