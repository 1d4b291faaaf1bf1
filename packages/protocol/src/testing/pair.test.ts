import { expect, it } from "vitest";
import { json } from "../codecs/json/index.ts";
import { Pair } from "./pair.ts";

const ended = (pair: Pair) => {
  pair.act((client, now) => client.disconnect(now));
  pair.clock.advance(200_000);
  return pair.leftovers();
};

it("leaves nothing where everything was delivered", () => {
  const pair = new Pair({ codec: json });
  pair.connect();
  pair.push("a/one");
  pair.clock.advance(5);
  expect(ended(pair)).toEqual([]);
});

it.each(["toServer", "toClient"] as const)("counts among the leftovers what a fence still holds, %s", (direction) => {
  const pair = new Pair({ codec: json });
  pair.connect();
  pair.hold(direction);
  pair.push("a/one");
  pair.act((client, now) => client.send(["a/two"], now));
  const to = direction === "toServer" ? "server" : "client";
  expect(ended(pair)).toContainEqual(
    expect.stringMatching(new RegExp(`^[1-9]\\d* frames are on their way to the ${to}$`)),
  );
  pair.release(direction);
  expect(pair.leftovers().filter((text) => text.includes("on their way"))).toEqual([]);
});

it("counts what an earlier connection still holds", () => {
  const pair = new Pair({ codec: json });
  pair.connect();
  pair.hold("toClient");
  pair.push("a/one");
  pair.clock.advance(5);
  // The client reconnects by itself; what the fence held is on its way still, and is lost only with a cut.
  pair.act((client, now) => client.reconnect(now));
  pair.clock.advance(1_000);
  expect(pair.client.status).toBe("open");
  expect(ended(pair)).toContainEqual(expect.stringMatching(/^[1-9]\d* frames are on their way to the client$/));
});
