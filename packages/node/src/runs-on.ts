import { type CanCompress, type Host, webHost } from "@sente-lite/engine";
import { denoHost } from "./deno-host.ts";

// Bun and Deno run this package as well, each with a Node of its own.

const isDeno = process.versions.deno !== undefined;

export const isBun: boolean = process.versions.bun !== undefined;

export const host: Host = isDeno ? denoHost : webHost;

/**
 * What permessage-deflate can do here: on Deno nothing. Deno's `node:zlib` calls ws back behind an error, and throws where
 * ws then resets the stream, which nobody can catch: one compressed frame of noise would end the process.
 */
export const canCompress: CanCompress | undefined = isDeno ? undefined : "from-a-size";
