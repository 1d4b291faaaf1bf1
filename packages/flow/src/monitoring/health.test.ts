import { describe, expect, it } from "vitest";
import { type HealthFacts, judge, type ProcessFacts } from "./health.ts";

const well: ProcessFacts = { status: "running", queues: { in: { depth: 79, capacity: 100 } } };

function facts(changes: Partial<HealthFacts> = {}, process: Partial<ProcessFacts> = {}): HealthFacts {
  return { status: "running", processes: { chat: { ...well, ...process } }, errorRate: 0.0099, ...changes };
}

describe("a system is", () => {
  it("healthy below every threshold, in every state but failed", () => {
    for (const status of ["new", "starting", "running", "stopping", "stopped"] as const) {
      expect(judge(facts({ status }, { restartedAgoMs: 60_000 }))).toEqual({ status: "healthy", reasons: [] });
    }
  });

  const degraded: [string, HealthFacts, string][] = [
    ["with a paused process", facts({}, { status: "paused" }), "The process chat is paused."],
    ["with a restarting process", facts({}, { status: "restarting" }), "The process chat is restarting."],
    ["after a restart", facts({}, { restartedAgoMs: 12_400 }), "The process chat restarted 12 s ago."],
    [
      "with a queue at 80 %",
      facts({}, { queues: { in: { depth: 80, capacity: 100 }, out: { depth: 0, capacity: 0 } } }),
      "The queue of chat at in holds 80 of 100 messages.",
    ],
    [
      "at one error in a hundred",
      facts({ errorRate: 0.01 }),
      "Of the messages of the last minute, 1.0 % ended in an error.",
    ],
    [
      "where its own check says so",
      facts({ own: { status: "degraded", reasons: ["The disk is slow."] } }),
      "The disk is slow.",
    ],
  ];
  it.each(degraded)("degraded %s", (_, given, reason) => {
    expect(judge(given)).toEqual({ status: "degraded", reasons: [reason] });
  });

  const unhealthy: [string, HealthFacts, string][] = [
    ["that failed", facts({ status: "failed" }), "The system failed."],
    ["with a failed process", facts({}, { status: "failed" }), "The process chat failed."],
    ["where its own check says so", facts({ own: { status: "unhealthy", reasons: ["No disk."] } }), "No disk."],
  ];
  it.each(unhealthy)("unhealthy %s", (_, given, reason) => {
    expect(judge(given)).toEqual({ status: "unhealthy", reasons: [reason] });
  });

  it("as ill as the worst of it, with every reason", () => {
    const own = { status: "degraded", reasons: ["The disk is slow."] } as const;
    expect(judge(facts({ status: "failed", errorRate: 0.5, own }))).toEqual({
      status: "unhealthy",
      reasons: [
        "The system failed.",
        "Of the messages of the last minute, 50.0 % ended in an error.",
        "The disk is slow.",
      ],
    });
  });
});
