// What a run is still at: told while nothing ends, so that a run that hangs says where, and ends.

/**
 * A reporter that knows the files and tests that began and did not end. Where nothing has ended for a third of
 * `hangsAfterMs` it says which they are; after all of it, it says so and calls `onHang`.
 * @param {{ hangsAfterMs: number, onHang(): void, say(text: string): void, now(): number }} to
 */
export function watchForHangs({ hangsAfterMs, onHang, say, now }) {
  /** @type {Map<object, { begun: number, name: string }>} */
  const running = new Map();
  let last = now();
  let told = last;

  const begin = (what, name) => running.set(what, { begun: now(), name });
  const end = (what) => {
    running.delete(what);
    last = told = now();
  };
  const nameOf = (module) => `${module.project.name}  ${module.relativeModuleId}`;

  /** One line for each, the longest first. */
  function listUnfinished() {
    const at = now();
    return [...running.values()]
      .toSorted((a, b) => a.begun - b.begun)
      .map(({ begun, name }) => `  ${Math.round((at - begun) / 1000)} s  ${name}`)
      .join("\n");
  }

  return {
    reporter: {
      onTestModuleQueued: (module) => begin(module, nameOf(module)),
      onTestModuleEnd: end,
      onTestCaseReady: (test) => begin(test, `${nameOf(test.module)} > ${test.fullName}`),
      onTestCaseResult: end,
    },
    listUnfinished,
    /** Looks whether something ended; to be called every few seconds. */
    look() {
      const quiet = now() - last;
      if (quiet >= hangsAfterMs) {
        say(`nothing has ended for ${Math.round(quiet / 1000)} s; still running:\n${listUnfinished()}`);
        onHang();
      } else if (now() - told >= hangsAfterMs / 3) {
        told = now();
        say(`still running:\n${listUnfinished()}`);
      }
    },
  };
}
