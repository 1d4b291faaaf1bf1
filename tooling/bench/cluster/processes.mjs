// Every node and every load is a process of its own, which answers questions and tells what happens.
import { fork } from "node:child_process";

/**
 * Starts `role` of a library; resolves when it is ready, to what it said then.
 * `ask(type, data)` resolves to its answer; `told(type, data)` is called for what it tells by itself.
 */
export async function start(role, library, params, told = () => {}) {
  const child = fork(new URL("./child.mjs", import.meta.url), [role, library, JSON.stringify(params)], {
    execArgv: ["--expose-gc"],
    // What a library logs is not part of the table.
    stdio: ["ignore", 2, 2, "ipc"],
  });
  const waiting = new Map();
  let lastId = 0;
  const answerTo = (id) => new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
  child.on("message", ({ id, answer, error, type, data }) => {
    if (id === undefined) return told(type, data);
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) resolve(answer);
    else reject(new Error(`${role}, ${library}: ${error}`));
  });
  const exited = new Promise((gone) => {
    child.once("close", (code, signal) => {
      gone();
      for (const { reject } of waiting.values()) reject(new Error(`${role}, ${library}: ended with ${signal ?? code}`));
      waiting.clear();
    });
  });
  const ready = await answerTo(0);
  return {
    ...ready,
    pid: child.pid,
    isAlive: () => child.connected,
    ask: (type, data) => {
      if (!child.connected) return Promise.reject(new Error(`${role}, ${library}: has ended`));
      lastId++;
      const answer = answerTo(lastId);
      child.send({ id: lastId, type, data });
      return answer;
    },
    /** SIGKILL: nothing is flushed. */
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
    /** It ends by itself, as its last answer was. */
    exited,
  };
}
