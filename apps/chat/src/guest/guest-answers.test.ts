import { expect, it } from "vitest";
import { type GuestInput, type GuestSettings, guestStep, initialGuest } from "./guest-answers.ts";

const settings: GuestSettings = {
  runtime: "Bun",
  version: "1.4.5",
  guests: ["Node guest", "Bun guest", "Deno guest"],
};

/** What a guest says to each of these, one after another. */
function answers(...inputs: readonly GuestInput[]) {
  let state = initialGuest;
  return inputs.map((input) => {
    const next = guestStep(settings, state, input);
    state = next.state;
    return next.says;
  });
}
const said = (text: string, at = 100_000, name = "Ann"): GuestInput => ({ type: "said", name, text, at });

it("greets on joining, and says what it runs on", () => {
  expect(answers({ type: "joined", at: 1 })[0]).toMatch(/^Hello from Bun 1\.4\.5\./);
});

it("answers to its name and to questions, and to nothing else", () => {
  expect(answers(said("how are you?"))[0]).toContain("Bun 1.4.5");
  expect(answers(said("hello BUN"))[0]).toContain("Ann");
  expect(answers(said("hello bunny"), said("it is 1?2"), said("hello"))).toEqual([undefined, undefined, undefined]);
});

it("never answers another guest", () => {
  expect(answers(said("Is Bun here?", 1, "Deno guest"))).toEqual([undefined]);
});

it("welcomes a newcomer once, if it is the first of the guests that are here", () => {
  const came = (people: readonly string[], at: number, uid = "u-ann"): GuestInput => ({
    type: "came",
    uid,
    name: "Ann",
    people,
    at,
  });
  const alone = ["Ann", "Bun guest", "Deno guest"];
  expect(answers(came(alone, 1), came(alone, 90_000))).toEqual([expect.stringContaining("Welcome, Ann"), undefined]);
  expect(answers(came(["Node guest", ...alone], 1))).toEqual([undefined]);
  expect(answers({ ...came(alone, 1), type: "came", uid: "g", name: "Deno guest", people: alone, at: 1 })).toEqual([
    undefined,
  ]);
});

it("holds its tongue for two seconds, and says no more than eight things in a minute", () => {
  expect(
    answers(said("Bun", 100_000), said("Bun", 101_999), said("Bun", 102_000)).map((one) => one !== undefined),
  ).toEqual([true, false, true]);
  const many = Array.from({ length: 20 }, (_, i) => said("Bun?", 100_000 + i * 3_000));
  expect(answers(...many).filter((one) => one !== undefined)).toHaveLength(8);
  expect(answers(...many, said("Bun?", 170_000)).at(-1)).toBeDefined();
});
