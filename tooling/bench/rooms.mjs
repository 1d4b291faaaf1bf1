// What a broadcast to a room costs a server beside one to everybody, in the same run, without and with a history:
//   pnpm bench:rooms [rounds]
// The sockets are empty, so that what they cost does not hide the rest: with real ones the ratio is nearer to 1.
import { makeChannelSocketServer } from "@sente-lite/node";

const CONNECTIONS = 1_000;
const PUSHES = 20;
const rounds = Number(process.argv[2] ?? 15);

const server = makeChannelSocketServer({
  userIdFn: ({ clientId }) => clientId,
  rooms: { "plain/*": {}, "kept/*": { history: {} } },
});
const { admit } = server[Symbol.for("sente-lite/server")];

const socket = { bufferedAmount: 0, send: () => "written", close() {}, terminate() {} };
/** The acks of the clients, which keep what waits for them small. */
const acks = [];
for (let i = 0; i < CONNECTIONS; i++) {
  const query = `client-id=c${i}&sente-lite=1&attempt=1&features=sessions.rooms`;
  const url = new URL(`ws://bench/chsk?${query}`);
  const { opened } = await admit({ url, headers: new Headers(), raw: undefined });
  acks.push(opened(socket));
}
const everybody = Array.from({ length: CONNECTIONS }, (_, i) => `c${i}`);
for (const room of ["plain/a", "kept/a"]) server.joinFn(everybody, room);

let sent = 1;
function acknowledge() {
  for (const { message } of acks) message(`[["~:chsk/ack",${sent}],null]`);
}
const turn = () => new Promise((resolve) => setImmediate(resolve));
// Who is let in is told.
await turn();
acknowledge();

const data = { text: "hello, everybody", n: 1 };
const ways = {
  "to everybody": () => server.broadcastFn(["chat/said", data], { flush: true }),
  "to a room": () => server.sendFn({ room: "plain/a" }, ["chat/said", data], { flush: true }),
  "to a room with a history": () => server.sendFn({ room: "kept/a" }, ["chat/said", data], { flush: true }),
};

const best = new Map(Object.keys(ways).map((name) => [name, Number.POSITIVE_INFINITY]));
for (let round = 0; round < rounds; round++) {
  for (const [name, push] of Object.entries(ways)) {
    const begun = performance.now();
    for (let i = 0; i < PUSHES; i++) push();
    const took = ((performance.now() - begun) * 1_000) / PUSHES / CONNECTIONS;
    best.set(name, Math.min(best.get(name), took));
    sent += PUSHES;
    acknowledge();
    await turn();
  }
}
const base = best.get("to everybody");
for (const [name, took] of best) {
  console.log(`${name}: ${took.toFixed(3)} µs per delivery, ratio ${(took / base).toFixed(2)}`);
}
console.log(`open at the end: ${server.metrics().connections} of ${CONNECTIONS}`);
process.exit(0);
