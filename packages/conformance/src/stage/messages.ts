import type { FixtureLine } from "../raw/fixture-process.ts";
import type { ServerSignal, ServerStart } from "../targets/target.ts";
import type { ProxyDeed } from "./tcp-proxy.ts";

// What is said on the control socket, in JSON. `stage` and `connection` are numbers that the stage server gives out;
// `id` names a fixture server that a test has started.

export type Command =
  | { readonly op: "stage"; readonly stage: string }
  | { readonly op: "accept"; readonly connection: number; readonly protocol?: string }
  | { readonly op: "refuse"; readonly connection: number; readonly status: number; readonly body: string }
  | { readonly op: "send"; readonly connection: number; readonly text: string }
  | { readonly op: "send-binary"; readonly connection: number; readonly base64: string }
  | { readonly op: "close"; readonly connection: number; readonly code?: number; readonly reason?: string }
  | { readonly op: "terminate" | "stall" | "resume"; readonly connection: number }
  | { readonly op: "start"; readonly id: string; readonly runtime: string; readonly start: ServerStart }
  | { readonly op: "stop" | "kill"; readonly id: string }
  | { readonly op: "signal"; readonly id: string; readonly signal: ServerSignal }
  /** A proxy before that port. */
  | { readonly op: "proxy"; readonly id: string; readonly port: number }
  | { readonly op: "proxy-do"; readonly id: string; readonly deed: ProxyDeed }
  | { readonly op: "proxy-close"; readonly id: string };

export type Report =
  | { readonly on: "staged"; readonly stage: string }
  | {
      readonly on: "attempt";
      readonly stage: string;
      readonly connection: number;
      /** Path and query. */
      readonly url: string;
      readonly headers: Readonly<Record<string, string | undefined>>;
      readonly protocols: readonly string[];
    }
  | { readonly on: "frame"; readonly connection: number; readonly text: string }
  | { readonly on: "binary"; readonly connection: number; readonly base64: string }
  | { readonly on: "closed"; readonly connection: number; readonly code: number; readonly reason: string }
  | { readonly on: "started"; readonly id: string; readonly port: number }
  | { readonly on: "line"; readonly id: string; readonly line: FixtureLine }
  | { readonly on: "proxied"; readonly id: string; readonly port: number }
  | { readonly on: "proxy-did"; readonly id: string }
  | { readonly on: "signalled"; readonly id: string }
  | { readonly on: "ended"; readonly id: string; readonly code: number | null }
  | { readonly on: "failed"; readonly id: string; readonly message: string };
