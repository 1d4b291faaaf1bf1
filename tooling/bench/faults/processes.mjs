// Every server, load generator and proxy is a process of its own, and answers questions.
import { fork } from "node:child_process";

/**
 * Starts `role` of a part for a library; resolves when it is ready.
 * `ask(type, data)` resolves to its answer, and rejects when the process has ended.
 */
export async function start(role, part, library, params = {}) {
  const child = fork(new URL("./child.mjs", import.meta.url), [role, part, library, JSON.stringify(params)], {
    execArgv: ["--expose-gc"],
    // What a library logs is not part of the table.
    stdio: ["ignore", 2, 2, "ipc"],
  });
  const waiting = new Map();
  let lastId = 0;
  child.on("message", ({ id, answer, error }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) resolve(answer);
    else reject(new Error(`${role} of ${part}, ${library}: ${error}`));
  });
  const exited = new Promise((gone) => {
    child.once("exit", (code, signal) => {
      gone();
      for (const { reject } of waiting.values()) {
        reject(new Error(`${role} of ${part}, ${library}: ended with ${signal ?? code}`));
      }
    });
  });
  const answerTo = (id) => new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
  const ask = async (type, data) => {
    if (!child.connected) throw new Error(`${role} of ${part}, ${library}: has ended`);
    lastId++;
    const answer = answerTo(lastId);
    child.send({ id: lastId, type, data });
    return answer;
  };
  const ready = await answerTo(0);
  /** SIGKILL: no close handshake, nothing is flushed. */
  const kill = async () => {
    child.kill("SIGKILL");
    await exited;
  };
  return { ...ready, ask, kill };
}
