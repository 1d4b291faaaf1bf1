import { hostOf } from "./network.mjs";

const AT_ONCE = 50;
const ignore = () => {};

export const uidOf = (index) => `user-${index}`;

/**
 * Connects clients 0 to count - 1, some at a time; resolves when each was open once. The callbacks get the client's
 * index first.
 */
export async function connectCrowd(library, { count, port, ...told }) {
  const { opened = ignore, closed = ignore, received = ignore, waits = ignore } = told;
  let next = 0;
  const one = (index) =>
    new Promise((done) => {
      library.connect({
        host: hostOf(index),
        port,
        uid: uidOf(index),
        opened: (how) => {
          opened(index, how);
          done();
        },
        closed: () => closed(index),
        received: (data) => received(index, data),
        waits: (ms) => waits(index, ms),
      });
    });
  const runInTurn = async () => {
    while (next < count) await one(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, runInTurn));
}
