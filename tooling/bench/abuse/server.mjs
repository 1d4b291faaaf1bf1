// The server of abuse.mjs, on the runtime that runs this file and is named first: with the defaults, or, where it is told so, without limits of what
// one client sends. Prints its port, and answers each line that it reads with the microseconds of processor time that it used.
import process from "node:process";
import { createInterface } from "node:readline";

const [runtime, how] = process.argv.slice(2);
const { makeChannelSocketServer, startRouter } = await import(`@sente-lite/${runtime}`);
const { json } = await import(`@sente-lite/${runtime}/json`);

const unlimited = {
  maxConnections: Number.POSITIVE_INFINITY,
  maxConnectionsPerUser: Number.POSITIVE_INFINITY,
  maxConnectionsPerAddress: Number.POSITIVE_INFINITY,
  maxConnectsPerSecondPerAddress: Number.POSITIVE_INFINITY,
  maxHandshakes: Number.POSITIVE_INFINITY,
  hookTimeoutMs: Number.POSITIVE_INFINITY,
  maxEventsPerSecond: Number.POSITIVE_INFINITY,
  maxBytesPerSecond: Number.POSITIVE_INFINITY,
  maxEventsPerSecondPerUser: Number.POSITIVE_INFINITY,
  maxBytesPerSecondPerUser: Number.POSITIVE_INFINITY,
  maxRequestsInFlight: Number.POSITIVE_INFINITY,
  slowHandlerMs: Number.POSITIVE_INFINITY,
};

const server = makeChannelSocketServer({
  codecs: [json],
  userIdFn: ({ clientId }) => clientId,
  ...(how === "unlimited" ? unlimited : {}),
});
server.errorChan.on(() => {});
startRouter(server, { "bench/echo": ({ data }) => data, "bench/event": () => undefined });
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const { port } = await server.listen({ port: 0, hostname: "127.0.0.1" });
say({ port });
createInterface({ input: process.stdin })
  .on("line", () => {
    const { user, system } = process.cpuUsage();
    say({ cpu: user + system });
  })
  .on("close", () => process.exit());
