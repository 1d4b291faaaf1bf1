// What sessions cost where nothing breaks: the CPU of a server per request and reply, with sessions and without.
import { ack, connectRaw } from "../libraries/ours.mjs";
import { hostOf } from "../network.mjs";
import { start } from "../processes.mjs";
import { median, round } from "../statistics.mjs";

export const libraryNames = ["ours"];
export const full = { connections: 100, each: 200, rounds: 21 };
export const quick = { connections: 10, each: 20, rounds: 3 };

const ACK_EVERY = 64;
const COST_MAX = 1.05;
// With the id, the number and the brackets a request of 100 bytes.
const text = "x".repeat(60);

export async function server(library, { sessionWindowMs }) {
  const { port } = await library.serve(sessionWindowMs === undefined ? {} : { sessionWindowMs });
  return {
    ready: { port },
    cpu: () => {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
  };
}

export async function load(_library, { port, connections }) {
  const sockets = [];
  for (let index = 0; index < connections; index++) sockets.push(await connectEcho(index, port));
  return {
    ready: {},
    echo: (each) => Promise.all(sockets.map((socket) => echo(socket, each))),
  };
}

/** A client that acknowledges as ours do: every 64 frames, where there is a session. */
async function connectEcho(index, port) {
  const name = `client-${index}`;
  const peer = { socket: undefined, hasSession: false, sent: 0, received: 0, replied: () => {} };
  await new Promise((ready) => {
    const opened = (handshake) => {
      peer.hasSession = handshake.length === 4;
      ready();
    };
    peer.socket = connectRaw({ host: hostOf(index), port, uid: name, clientId: name, opened });
  });
  peer.socket.on("message", (data) => {
    const frame = data.toString();
    // Control frames: the server's acks and pings.
    if (frame.startsWith('[["chsk/') || frame.startsWith('["chsk/')) return;
    peer.received++;
    if (peer.hasSession && peer.received % ACK_EVERY === 0) peer.socket.send(ack(peer.received));
    peer.replied();
  });
  return peer;
}

/** Requests one after the reply to the other. */
function echo(peer, each) {
  const request = () => peer.socket.send(JSON.stringify([["bench/echo", { n: peer.sent, text }], `r${++peer.sent}`]));
  return new Promise((done) => {
    let left = each;
    peer.replied = () => (--left === 0 ? done() : request());
    request();
  });
}

async function side(params, sessionWindowMs) {
  const serving = await start("server", "echo", "ours", { sessionWindowMs });
  const loading = await start("load", "echo", "ours", { ...params, port: serving.port });
  const measure = async () => {
    const before = await serving.ask("cpu");
    await loading.ask("echo", params.each);
    return ((await serving.ask("cpu")) - before) / (params.connections * params.each);
  };
  return { measure, kill: () => Promise.all([loading.kill(), serving.kill()]) };
}

export async function run(_name, params) {
  const on = await side(params);
  const off = await side(params, 0);
  // Code is compiled in the first rounds.
  for (let n = 0; n < 2; n++) for (const { measure } of [on, off]) await measure();
  const costs = { on: [], off: [] };
  for (let n = 0; n < params.rounds; n++) {
    // Turn about, so that neither always comes first.
    for (const which of n % 2 === 0 ? ["on", "off"] : ["off", "on"]) {
      costs[which].push(await (which === "on" ? on : off).measure());
    }
  }
  await Promise.all([on.kill(), off.kill()]);
  return {
    rounds: params.rounds,
    onMicros: round(median(costs.on), 2),
    offMicros: round(median(costs.off), 2),
    ratio: round(median(costs.on) / median(costs.off), 3),
    medianOfRatios: round(median(costs.on.map((cost, n) => cost / costs.off[n])), 3),
  };
}

export function checks({ ours }) {
  if (ours === undefined) return [];
  return [{ what: "sessions cost at most 5 % of the echo", isMet: ours.medianOfRatios <= COST_MAX }];
}
