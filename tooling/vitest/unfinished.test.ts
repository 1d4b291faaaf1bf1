import { expect, it } from "vitest";
import { watchForHangs } from "./unfinished.mjs";

const hangsAfterMs = 360_000;
const file = (name: string) => ({ project: { name: "unit" }, relativeModuleId: name });
const test = (module: ReturnType<typeof file>, fullName: string) => ({ module, fullName });

function watched() {
  let time = 0;
  const said: string[] = [];
  let hangs = 0;
  const watch = watchForHangs({
    hangsAfterMs,
    now: () => time,
    say: (text) => said.push(text),
    onHang: () => hangs++,
  });
  return {
    ...watch,
    said,
    hangs: () => hangs,
    pass: (ms: number) => {
      time += ms;
      watch.look();
    },
  };
}

it("names what runs while nothing ends, and says when that is a hang", () => {
  const { reporter, said, pass, hangs } = watched();
  const slow = file("a.test.ts");
  reporter.onTestModuleQueued(slow);
  reporter.onTestModuleQueued(file("b.test.ts"));
  pass(1_000);
  reporter.onTestCaseReady(test(slow, "goes round"));
  pass(119_000);
  expect(said).toEqual([
    "still running:\n  120 s  unit  a.test.ts\n  120 s  unit  b.test.ts\n  119 s  unit  a.test.ts > goes round",
  ]);
  pass(1_000);
  expect(said).toHaveLength(1);
  expect(hangs()).toBe(0);
  pass(hangsAfterMs);
  expect(said.at(-1)).toMatch(/^nothing has ended for 481 s; still running:\n/);
  expect(hangs()).toBe(1);
});

it("is quiet where files and tests end, and forgets them", () => {
  const { reporter, said, pass, listUnfinished } = watched();
  const quick = file("a.test.ts");
  const first = test(quick, "is quick");
  reporter.onTestModuleQueued(quick);
  reporter.onTestCaseReady(first);
  pass(100_000);
  reporter.onTestCaseResult(first);
  pass(100_000);
  reporter.onTestModuleEnd(quick);
  pass(100_000);
  expect(said).toEqual([]);
  expect(listUnfinished()).toBe("");
});
