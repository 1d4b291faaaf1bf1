import { describe, expect, it } from "vitest";
import { draw } from "./diagram.ts";
import type { Trace } from "./trace.ts";

const arrow = (given: Partial<Extract<Trace, { type: "arrow" }>>): Trace => ({
  type: "arrow",
  at: 40,
  sentAt: 20,
  client: 0,
  from: "client",
  text: '[["a/n",{"k":1}],"r1"]',
  arrived: true,
  ...given,
});

describe("a diagram", () => {
  it("shows frames in EDN as arrows from lifeline to lifeline, with the time at which they came", () => {
    expect(draw([arrow({}), arrow({ at: 60, from: "server", text: '[null,"r1"]' })], { clients: 1 })).toEqual([
      "   ms client                                                                                  server",
      '   40 | -- [[:a/n {:k 1}] "r1"] -----------------------------------------------------------------> |',
      '   60 | <--------------------------------------------------------------------------- [nil "r1"] -- |',
    ]);
  });

  it("ends the arrow of what was lost on its way, and says of what came late when it was sent", () => {
    const [, lost, late] = draw([arrow({ arrived: false }), arrow({ at: 3_000, from: "server", text: "reset" })], {
      clients: 1,
    });
    expect(lost).toMatch(/^ {3}40 \| -- \[\[:a\/n \{:k 1\}\] "r1"\] -+X {20}/);
    expect(late).toMatch(/^ 3000 \| <-+ reset \(sent at 20\) -- \|$/);
  });

  it("has a lifeline for each client and for attempts that nobody waits for, and is 100 wide at most", () => {
    const long = JSON.stringify([["a/n", "x".repeat(300)], null]);
    const lines = draw(
      [
        arrow({ client: 1, text: long }),
        arrow({ client: undefined, from: "server", text: "close 1012" }),
        { type: "break", at: 50, who: 1 },
        { type: "note", at: 51, who: "server", text: "crashes" },
        { type: "note", at: 52, who: 0, text: "open" },
      ],
      { clients: 2 },
    );
    expect(lines[0]).toMatch(/^ {3}ms c0 {2}c1 {3}\(late\) +server$/);
    expect(lines[1]).toMatch(/^ {3}40 \| {3}\| -- \[\[:a\/n "x+\.\.\. -> \|$/);
    expect(lines[2]).toMatch(/^ {3}40 \| {3}\| {3}\| <-+ close 1012 -- \|$/);
    expect(lines[3]).toMatch(/^ {3}50 \| {3}X {2}the connection breaks +\|$/);
    expect(lines[4]).toMatch(/^ {3}51 \| {3}\| {3}\| +crashes {2}\|$/);
    expect(lines[5]).toMatch(/^ {3}52 \| {2}open/);
    expect(Math.max(...lines.map(({ length }) => length))).toBe(100);
  });

  it("names a session by the beginning of its id, and leaves out what is not wanted", () => {
    const text = "GET attempt=2 session.00392577-8b9d-4674-943f-19e768b8a8ce.7";
    const lines = draw([arrow({ text }), { type: "note", at: 41, who: 0, text: "opening" }], {
      clients: 1,
      without: /^opening$/,
    });
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain(" GET attempt=2 session.0039.7 ");
  });
});
