// A node: pushes what it is told to, tells of each event that comes, and ends by a drain.
import { now } from "../faults/clock.mjs";
import { digestOf } from "./digest.mjs";

export async function play(library, params, tell) {
  const serving = await library.serve({ ...params, received: (uid, n) => tell("up", { uid, n, at: now() }) });
  return {
    ready: { port: serving.port },
    /** Answers when all are the library's. */
    push: (items) => {
      for (const { uid, data } of items) serving.push(uid, data);
    },
    broadcast: (items) => {
      for (const data of items) serving.broadcast(data);
    },
    post: (data) => {
      serving.post(data);
    },
    users: async () => digestOf(await serving.users()),
    cpuMs: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000;
    },
    memory: () => {
      globalThis.gc();
      return process.memoryUsage.rss();
    },
    drain: async () => {
      await serving.drain();
      const told = serving.told();
      // After the answer is out.
      setTimeout(() => process.exit(), 50);
      return { told };
    },
    told: () => serving.told(),
  };
}
