import { webHost } from "@sente-lite/engine";
import { afterEach, expect, it, vi } from "vitest";
import { denoHost } from "./deno-host.ts";

afterEach(() => void vi.restoreAllMocks());

it("lets no two turns in a row end by immediates, however many wait for their ends", () => {
  let waiting: { readonly ms: number; readonly fn: () => void }[] = [];
  vi.spyOn(webHost, "setTimer").mockImplementation((ms, fn) => {
    waiting.push({ ms, fn });
    return undefined;
  });
  /** What was waited for, and then came. */
  const turn = () => {
    const ended = waiting;
    waiting = [];
    for (const { fn } of ended) fn();
    return ended.map(({ ms }) => ms);
  };
  const goOn = () => void denoHost.setTimer(0, goOn);
  goOn();
  goOn();
  expect([turn(), turn(), turn()]).toEqual([
    [0, 0],
    [1, 1],
    [0, 0],
  ]);
  waiting = [];
  denoHost.setTimer(5, () => {});
  // One that is given up.
  denoHost.setTimer(0, () => {});
  waiting.pop();
  goOn();
  expect([turn(), turn()]).toEqual([[5, 1], [0]]);
});
