// The broker: a real redis-server in a folder of its own, behind a proxy that can be cut.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort, isListening } from "../../scripts/ports.mjs";
import { until } from "../faults/clock.mjs";

/** `url` is the proxy's. `away(ms)`: every connection is reset, and none gets through for so long. */
export async function startBroker() {
  const folder = await mkdtemp(join(tmpdir(), "bench-redis-"));
  const port = await findFreePort();
  const args = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder];
  const child = spawn("redis-server", args, { stdio: "ignore" });
  child.on("error", (error) => {
    throw new Error(`redis-server is needed: ${error.message}`);
  });
  let isUp = false;
  while (!isUp) {
    isUp = await isListening(port);
    await until(() => isUp, 50);
  }
  const sockets = new Set();
  let isAway = false;
  const proxy = net.createServer({ noDelay: true }, (client) => {
    if (isAway) return void client.resetAndDestroy();
    sockets.add(client);
    const upstream = net.connect({ port, host: "127.0.0.1", noDelay: true });
    client.on("error", () => {});
    upstream.on("error", () => {});
    client.pipe(upstream).pipe(client);
    client.once("close", () => {
      sockets.delete(client);
      upstream.destroy();
    });
    upstream.once("close", () => client.destroy());
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  return {
    url: `redis://127.0.0.1:${proxy.address().port}`,
    away: async (ms) => {
      isAway = true;
      for (const socket of sockets) socket.resetAndDestroy();
      await new Promise((over) => setTimeout(over, ms));
      isAway = false;
    },
    cpuMs: async () => {
      // Fields 14 and 15, in hundredths of a second.
      const fields = (await readFile(`/proc/${child.pid}/stat`, "utf8")).replace(/^.*\) /, "").split(" ");
      return (Number(fields[11]) + Number(fields[12])) * 10;
    },
    /** All bytes that came to it and left it. */
    netBytes: () => {
      const info = execFileSync("redis-cli", ["-p", `${port}`, "info", "stats"], { encoding: "utf8" });
      const field = (name) => Number(info.match(new RegExp(`^${name}:(\\d+)`, "m"))[1]);
      return field("total_net_input_bytes") + field("total_net_output_bytes");
    },
    stop: async () => {
      proxy.close();
      for (const socket of sockets) socket.destroy();
      child.kill("SIGKILL");
      await once(child, "close");
      await rm(folder, { recursive: true, force: true });
    },
  };
}
