import { expect, it } from "vitest";
import { startRouter } from "./index.ts";
import { connectInMemory, makeChannelSocketServer } from "./testing.ts";

it("tests a page's own code without a server of its own", async () => {
  const server = makeChannelSocketServer();
  startRouter(server, { "test/echo": ({ data }) => data });
  const { client, cut, clock } = connectInMemory({ server });
  const ann = client("ann");
  expect(await ann.requestFn(["test/echo", new Set([1])])).toEqual(new Set([1]));
  cut();
  await clock.advance(600);
  expect(ann.state.get()).toMatchObject({ open: true, firstOpen: false });
});
