import { UsageError } from "@sente-lite/protocol";
import { showValue } from "@sente-lite/protocol/options";
import { HEADER_NAME } from "../client/handshake-values.ts";

/** More than a refusal has use for; some runtimes and proxies take no more than 8 KiB of all headers. */
const MAX_BYTES = 4_096;

/** They say how the answer travels, which is not the application's to say (RFC 9110 section 7.6.1, RFC 9112, RFC 6455). */
const OF_THE_CONNECTION: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** The headers of a refusal, their names in lower case. Throws `UsageError`. */
export function readHeaders(given: unknown): Readonly<Record<string, string>> {
  if (typeof given !== "object" || given === null || Symbol.iterator in given) {
    throw createHeaderError(`an object of names and values for headers, not ${showValue(given)}`);
  }
  let bytes = 0;
  const headers = Object.entries(given).map(([name, value]) => {
    const lower = name.toLowerCase();
    if (!HEADER_NAME.test(name)) throw createHeaderError(`names of headers, not ${showValue(name)}`);
    if (OF_THE_CONNECTION.has(lower) || lower.startsWith("sec-websocket-")) {
      throw createHeaderError(`no header ${lower}, which is the connection's`);
    }
    if (typeof value !== "string" || !/^[\t\x20-\x7e]*$/.test(value)) {
      throw createHeaderError(`printable ASCII for the header ${lower}`);
    }
    bytes += name.length + value.length + 4;
    return [lower, value] as const;
  });
  if (bytes > MAX_BYTES) throw createHeaderError(`headers of at most ${MAX_BYTES} bytes`);
  return Object.fromEntries(headers);
}

function createHeaderError(what: string): UsageError {
  return new UsageError("bad-rejection", `a refusal has ${what}`);
}
