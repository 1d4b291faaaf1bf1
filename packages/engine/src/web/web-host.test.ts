import { afterEach, describe, expect, it, vi } from "vitest";
import { webHost } from "./web-host.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const waited = (ms: number) => new Promise<void>((resolve) => void webHost.setTimer(ms, resolve));

describe("the clock of the web's runtimes", () => {
  it("goes on evenly while the wall clock stands still or is set", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_700_000_000_000 });
    const wall = webHost.now();
    const begun = webHost.monotonic();
    await waited(20);
    expect(webHost.now()).toBe(wall);
    const passed = webHost.monotonic() - begun;
    expect(passed).toBeGreaterThanOrEqual(18);
    vi.setSystemTime(1_800_000_000_000);
    expect(webHost.monotonic() - begun).toBeLessThan(3_600_000);
    vi.setSystemTime(0);
    expect(webHost.monotonic() - begun).toBeGreaterThanOrEqual(passed);
  });

  it.each([[["setTimeout"]], [["setTimeout", "Date"]], [["setTimeout", "performance"]]] as const)(
    "goes by the timers where a test moves %j and nothing else",
    async (toFake) => {
      vi.useFakeTimers({ toFake: [...toFake] });
      const begun = webHost.monotonic();
      const hour = waited(3_600_000);
      await vi.advanceTimersByTimeAsync(3_600_000);
      await hour;
      expect(webHost.monotonic() - begun).toBeGreaterThanOrEqual(3_599_998);
      // Back in real time it goes on from there.
      vi.useRealTimers();
      const after = webHost.monotonic();
      await waited(5);
      expect(webHost.monotonic() - after).toBeLessThan(60_000);
    },
  );

  it("is the wall clock's where there is no other", () => {
    vi.stubGlobal("performance", undefined);
    const begun = webHost.monotonic();
    expect(webHost.monotonic()).toBeGreaterThanOrEqual(begun);
  });
});

it.each([undefined, {}])("a runtime with the crypto %j is told what it lacks", (crypto) => {
  vi.stubGlobal("crypto", crypto);
  expect(() => webHost.randomBytes(4)).toThrow(
    expect.objectContaining({
      name: "UsageError",
      code: "no-crypto",
      message: expect.stringContaining("crypto.getRandomValues"),
    }),
  );
});
