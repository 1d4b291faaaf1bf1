import { expect, it } from "vitest";
import { Lingering, MANY_LINGERING } from "./lingering.ts";

function setting() {
  const told: unknown[] = [];
  const lingering = new Lingering((error, { source }) => told.push([(error as { code?: string }).code, source]));
  return { lingering, told, crowd: (count: number) => Array.from({ length: count }, () => lingering.add()) };
}

it("counts a socket until it has closed, once", () => {
  const { lingering } = setting();
  const [one, other] = [lingering.add(), lingering.add()];
  expect(lingering.count).toBe(2);
  one();
  one();
  expect(lingering.count).toBe(1);
  other();
  expect(lingering.count).toBe(0);
});

it("tells once when they pile up, and again only of another crowd", () => {
  const { lingering, told, crowd } = setting();
  const report = ["sockets-linger", "sockets"];
  const first = crowd(MANY_LINGERING - 1);
  expect(told).toEqual([]);
  first.push(...crowd(2 * MANY_LINGERING));
  expect(told).toEqual([report]);
  for (const gone of first) gone();
  expect(lingering.count).toBe(0);
  crowd(MANY_LINGERING);
  expect(told).toEqual([report, report]);
});
