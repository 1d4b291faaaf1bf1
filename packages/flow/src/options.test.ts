import { describe, expect, it } from "vitest";
import { expectOnly, type Name } from "../../protocol/src/every-option.test-support.ts";
import {
  buildSystem,
  channelSocketServer,
  createEndpoints,
  createInterpreter,
  createMetrics,
  ticker,
  wrapStepFn,
} from "./index.ts";

const health = () => ({ status: "healthy", reasons: [] }) as const;
const system = { processes: { a: ticker({ everyMs: 1_000 }) } };

// As a program in JavaScript may give them.
const calls: readonly (readonly [name: string, right: string, call: (options: never) => unknown, options: object])[] = [
  ["ticker", "everyMs", ticker, { everyMS: 1 }],
  ["createMetrics", "maxSeries", (options) => createMetrics({ now: () => 0 }, options), { maxSerie: 1 }],
  ["createEndpoints", "isReady", createEndpoints, { health, ready: () => true }],
  ["createInterpreter", "outputs", createInterpreter, { output: {} }],
  ["wrapStepFn", "input", (options) => wrapStepFn(() => ({}), options), { state: {}, inputs: () => 0 }],
  [
    "channelSocketServer",
    "drainMs",
    (options) => channelSocketServer({} as never, () => () => {}, options),
    { drain: 1 },
  ],
  ["buildSystem", "clock", (options) => buildSystem(system, options), { clok: {} }],
];

it.each(calls)("%s refuses a misspelt option, and names %s", (_name, right, call, options) => {
  const refused = () => call(options as never);
  expect(refused).toThrow(expect.objectContaining({ name: "UsageError", code: "unknown-option" }));
  expect(refused).toThrow(right);
});

const numbers: readonly Name[] = ["1.5", "a number"];
const functions: readonly Name[] = ["a function"];
const anObject: readonly Name[] = ["{}"];
const clock = { now: () => 0 };
const isReady = () => true;

const cases: readonly (readonly [string, (value: unknown) => unknown, readonly Name[]])[] = [
  ["ticker(options)", (value) => ticker(value as never), []],
  ["everyMs", (everyMs) => ticker({ everyMs: everyMs as never }), numbers],
  ["createMetrics(_, options)", (value) => createMetrics(clock, value as never), anObject],
  ["maxSeries", (maxSeries) => createMetrics(clock, { maxSeries: maxSeries as never }), numbers],
  ["createEndpoints(options)", (value) => createEndpoints(value as never), []],
  ["health", (given) => createEndpoints({ health: given as never, isReady }), functions],
  ["isReady", (given) => createEndpoints({ health, isReady: given as never }), functions],
  ["metricsText", (metricsText) => createEndpoints({ health, isReady, metricsText: metricsText as never }), functions],
  ["onError", (onError) => createEndpoints({ health, isReady, onError: onError as never }), functions],
  ["createInterpreter(options)", (value) => createInterpreter(value as never), anObject],
  ["wrapStepFn(fn)", (value) => wrapStepFn(value as never, { state: {} } as never), functions],
  ["wrapStepFn(_, options)", (value) => wrapStepFn(() => ({}), value as never), []],
  ["buildSystem(config)", (value) => buildSystem(value as never), []],
  ["buildSystem(_, options)", (value) => buildSystem(system, value as never), anObject],
  ["drainMs", (drainMs) => channelSocketServer({} as never, () => () => {}, { drainMs: drainMs as never }), numbers],
];

describe("given what cannot be meant, throws a UsageError at once:", () => {
  it.each(cases)("%s", (_name, call, right) => expectOnly(right, call));
});
