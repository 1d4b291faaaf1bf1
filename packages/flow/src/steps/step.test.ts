import { expect, it } from "vitest";
import { type StandardOutput, type StepFn, stepHarness } from "./step.ts";

const count: StepFn<number, string, StandardOutput> = (state, text, { at }) =>
  text === ""
    ? { outputs: [{ type: "refuse", code: "empty" }] }
    : {
        state: state + 1,
        outputs: [
          { type: "broadcast", event: ["chat/message", { text, at }] },
          { type: "reply", value: state },
        ],
      };

it("a harness shows the states and outputs of a list of inputs", () => {
  const shown = stepHarness(count, 0, ["a", "", "b"], (_, i) => i * 10);
  expect(shown.state).toBe(2);
  expect(shown.steps.map(({ input, state, outputs }) => [input, state, outputs.map(({ type }) => type)])).toEqual([
    ["a", 1, ["broadcast", "reply"]],
    ["", 1, ["refuse"]],
    ["b", 2, ["broadcast", "reply"]],
  ]);
  expect(shown.outputs[3]).toEqual({ type: "broadcast", event: ["chat/message", { text: "b", at: 20 }] });
});
