import type { ChannelSocketServer, ServerOptions } from "@sente-lite/protocol";
import type { ChatContract } from "../domain/contract.ts";
import type { Sender } from "../domain/step.ts";

/** What a connection says of itself in its query parameters. */
export type Visitor = Pick<Sender, "name" | "runtime">;

export type ChatServer = ChannelSocketServer<Visitor, ChatContract>;
export type ChatServerOptions = ServerOptions<Visitor, ChatContract> & { readonly contract: ChatContract };
