import * as browser from "@sente-lite/browser";
import * as browserCore from "@sente-lite/browser/core";
import * as bun from "@sente-lite/bun";
import * as bunCore from "@sente-lite/bun/core";
import * as deno from "@sente-lite/deno";
import * as denoCore from "@sente-lite/deno/core";
import * as node from "@sente-lite/node";
import * as nodeCore from "@sente-lite/node/core";
import { createJson, json } from "@sente-lite/node/json";
import { transitJson } from "@sente-lite/node/transit-json";
import { expectTypeOf } from "vitest";
import { z } from "zod";

// Compiled by compile-errors.test.ts, never run. A contract works the same on every runtime, with any codec that can
// carry it.

const chat = node.defineContract({
  toServer: { "chat/send": node.event<{ at: Date }, { id: string }>() },
  toClient: { "chat/message": node.event<{ text: string }>() },
});
type Chat = typeof chat;
const authorizedFn = () => ({ role: "admin" });

/** Data that JSON has not, and validators that take what JSON makes of it. */
const checked = node.defineContract({
  toServer: { "chat/send": node.event({ data: z.object({ at: z.coerce.date() }), reply: z.set(z.string()) }) },
});
const plain = node.defineContract({
  toServer: {
    "chat/send": node.event<{ text: string; tags: readonly (string | null)[]; pair: [number, boolean] }, null>(),
  },
  toClient: { "chat/any": node.event<unknown>(), "chat/nested": node.event<{ a?: { b: "x" | 1 }[] }>() },
});

export const servers = () => {
  const codecs = [transitJson] as const;
  expectTypeOf(bun.makeChannelSocketServer({ contract: chat, authorizedFn, path: "/x" })).toEqualTypeOf<
    bun.BunServer<{ role: string }, Chat>
  >();
  expectTypeOf(deno.makeChannelSocketServer({ contract: chat, authorizedFn, path: "/x" })).toEqualTypeOf<
    deno.DenoServer<{ role: string }, Chat>
  >();
  expectTypeOf(nodeCore.makeChannelSocketServer({ contract: chat, authorizedFn, codecs })).toEqualTypeOf<
    node.NodeServer<{ role: string }, Chat>
  >();
  expectTypeOf(bunCore.makeChannelSocketServer({ contract: chat, authorizedFn, codecs })).toEqualTypeOf<
    bun.BunServer<{ role: string }, Chat>
  >();
  expectTypeOf(denoCore.makeChannelSocketServer({ contract: chat, authorizedFn, codecs })).toEqualTypeOf<
    deno.DenoServer<{ role: string }, Chat>
  >();
  nodeCore.makeChannelSocketServer({ codecs: [json] });
  node.makeChannelSocketServer({ contract: checked, codecs: [transitJson, json] });
  node.makeChannelSocketServer({ contract: plain, codecs: [json] });
  // A codec of one's own, and a list whose codecs are not known to the compiler, are taken as they are.
  const own: node.Codec = { ...transitJson, name: "own" };
  const some: readonly node.Codec[] = [own];
  node.makeChannelSocketServer({ contract: chat, codecs: [own] });
  node.makeChannelSocketServer({ contract: chat, codecs: some });
};

export const clients = () => {
  const made = [
    node.makeChannelSocketClient("/chsk", { contract: chat, headers: { cookie: "a=b" } }),
    bun.makeChannelSocketClient("/chsk", { contract: chat, headers: { cookie: "a=b" } }),
    deno.makeChannelSocketClient("/chsk", { contract: chat }),
    browser.makeChannelSocketClient("/chsk", { contract: chat }),
    nodeCore.makeChannelSocketClient("/chsk", { contract: chat, codec: transitJson }),
    bunCore.makeChannelSocketClient("/chsk", { contract: chat, codec: transitJson }),
    denoCore.makeChannelSocketClient("/chsk", { contract: chat, codec: transitJson }),
    browserCore.makeChannelSocketClient("/chsk", { contract: chat, codec: transitJson }),
  ] as const;
  expectTypeOf(made[0]).toEqualTypeOf<node.ChannelSocketClient<Chat>>();
  expectTypeOf<(typeof made)[number]>().toEqualTypeOf<node.ChannelSocketClient<Chat>>();
  node.makeChannelSocketClient("/chsk", { contract: checked, codec: json });
  node.makeChannelSocketClient("/chsk", { contract: plain, codec: createJson() });
  nodeCore.makeChannelSocketClient("/chsk", { codec: json });
};
