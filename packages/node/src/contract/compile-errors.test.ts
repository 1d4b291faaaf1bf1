import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { compile, stripAnnotations } from "./compiler.test-support.ts";

// Each file of golden/ is a small program that is wrong, with what the compiler says of it below the line at fault. The
// errors are for people: read them when they change. To add one, write a program there and run vitest with -u.

const here = fileURLToPath(new URL(".", import.meta.url));
const wrong = readdirSync(`${here}golden`).filter((name) => name.endsWith(".txt"));
const right = readdirSync(here).filter((name) => name.endsWith(".test-d.ts"));
const compiled = compile(
  new Map([
    ...wrong.map((name) => [name, stripAnnotations(readFileSync(`${here}golden/${name}`, "utf8"))] as const),
    ...right.map((name) => [name, readFileSync(`${here}${name}`, "utf8")] as const),
  ]),
);

describe("a program against its contract", () => {
  it.each(wrong)("is refused with words that help: %s", async (name) => {
    expect(compiled.get(name)?.errors).not.toEqual([]);
    await expect(compiled.get(name)?.text).toMatchFileSnapshot(`${here}golden/${name}`);
  });

  it("is refused in the words that docs/contract.md quotes", () => {
    const page = readFileSync(`${here}../../../../docs/contract.md`, "utf8");
    const quoted = [...page.matchAll(/^```text\n([\s\S]*?)^```$/gm)].flatMap(([, block = ""]) =>
      block.trim().split("\n"),
    );
    const said = wrong.map((name) => compiled.get(name)?.text).join("\n");
    expect(quoted.filter((line) => !said.includes(line))).toEqual([]);
    expect(quoted.length).toBeGreaterThan(3);
  });

  it.each(right)("compiles, with the types that it says: %s", (name) => {
    expect(compiled.get(name)?.errors).toEqual([]);
  });
});

// As `create-next-app` and older projects have it: undefined fits into every type.
describe("with strictNullChecks off", () => {
  const loose = compile(
    new Map([
      [
        "loose",
        `import { defineContract, event, makeChannelSocketClient, makeChannelSocketServer, startRouter } from "../index.ts";
const server = makeChannelSocketServer({ userIdFn: ({ url }) => url.searchParams.get("uid") });
startRouter(server, { "chat/send": ({ uid, data }) => server.broadcastFn(["chat/message", { from: uid, text: data.text }]) });
server.sendFn("ann", ["chat/message", 1]);
const client = makeChannelSocketClient("ws://127.0.0.1/chsk");
client.chRecv.on("chat/message", ({ data }) => console.log(data.from));
client.sendFn(["chat/send", { text: "x" }]);
export const reply: { ok: boolean } = await client.requestFn(["chat/send", { text: "x" }]);
const chat = defineContract({
  toServer: { "chat/send": event<{ text: string }, { id: string }>(), "chat/typing": event() },
  toClient: { "chat/message": event<{ n: number }>() },
});
const typed = makeChannelSocketClient("ws://127.0.0.1/chsk", { contract: chat });
typed.chRecv.on("chat/message", ({ data }) => data.n.toFixed());
typed.sendFn(["chat/typing"]);
export const { id } = await typed.requestFn(["chat/send", { text: "x" }]);
startRouter(makeChannelSocketServer({ contract: chat }), { "chat/send": ({ data }) => ({ id: data.text }) });
`,
      ],
      [
        "loose-wrong",
        `import { defineContract, event, makeChannelSocketClient } from "../index.ts";
const chat = defineContract({ toServer: { "chat/send": event<{ text: string }, { id: string }>(), "chat/typing": event() } });
const client = makeChannelSocketClient("ws://127.0.0.1/chsk", { contract: chat });
client.sendFn(["chat/sned", { text: "x" }]);
client.sendFn(["chat/send", { txt: "x" }]);
client.requestFn(["chat/typing"]);
`,
      ],
    ]),
    { strictNullChecks: false },
  );

  it("programs compile, without a contract and with one", () => {
    expect(loose.get("loose")?.errors).toEqual([]);
  });

  it("a contract still refuses what it does not have", () => {
    expect(loose.get("loose-wrong")?.errors).toEqual([
      expect.stringContaining("Did you mean '\"chat/send\"'?"),
      expect.stringContaining("Did you mean to write 'text'?"),
      expect.stringContaining("chat/typing has no reply in the contract: use sendFn"),
    ]);
  });
});
