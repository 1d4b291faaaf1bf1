import { type Compression, UsageError } from "@sente-lite/protocol";
import { checkOptions } from "@sente-lite/protocol/options";
import { limitOf } from "./limits.ts";

/**
 * How a runtime's sockets can be told to use permessage-deflate (RFC 7692). `from-a-size`: they compress messages from
 * a given size on. `switched-on`: they decide that by themselves.
 */
export type CanCompress = "from-a-size" | "switched-on";

/** An option of the runtimes that can compress. */
export interface WithCompression {
  readonly compression?: boolean | Compression;
}

const DEFAULT_THRESHOLD_BYTES = 1_024;

const kinds = { thresholdBytes: "number" };

/** Throws `UsageError` for a `compression` that is none, and for one that the runtime does not have: `no-compression`. */
export function checkCompression(
  of: string,
  given: WithCompression["compression"],
  can: CanCompress | undefined,
): void {
  if (given === undefined || given === false) return;
  if (can === undefined) {
    throw new UsageError(
      "no-compression",
      `${of}: this runtime has no permessage-deflate to switch on; compress what is sent with the codec gzip(...)`,
    );
  }
  if (given === true) return;
  checkOptions(`${of}: compression`, given, kinds);
  if (given.thresholdBytes === undefined) return;
  if (can === "switched-on") {
    throw new UsageError("no-compression", `${of}: this runtime decides itself from which size on it compresses`);
  }
  limitOf("thresholdBytes", given.thresholdBytes);
}

/** From how many bytes on messages are compressed; undefined where none are. */
export function compressionThreshold({ compression = false }: WithCompression): number | undefined {
  if (compression === false) return undefined;
  // What is no object is refused where a client or server is made.
  return compression === true ? DEFAULT_THRESHOLD_BYTES : (compression?.thresholdBytes ?? DEFAULT_THRESHOLD_BYTES);
}
