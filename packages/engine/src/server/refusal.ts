import type { Rejection } from "@sente-lite/protocol";
import {
  closeCodeOf,
  countBytes,
  type FeatureSet,
  MAX_REASON_BYTES,
  type RetryHint,
  writeHint,
  writeRefusal,
} from "@sente-lite/protocol/session";

/** How a connection is closed. */
export interface Closing {
  readonly code: number;
  readonly reason: string;
}

/** How a refusal is told by a close (PROTOCOL.md section 1.4): why it was, where its client knows such reasons. */
export function closingOf(rejection: Rejection, features: FeatureSet): Closing {
  const { status, code, message = "", data, body = message } = rejection;
  const hint = hintOf(rejection);
  const told =
    code !== undefined && features.has("refusal-reasons")
      ? writeRefusal({ code, message, data }, hint ?? {})
      : undefined;
  const reason = told ?? (hint === undefined ? closeReason(body) : writeHint(hint));
  return { code: closeCodeOf(status), reason };
}

function hintOf({ retryInMs = 0, spreadMs = 0 }: Rejection): RetryHint | undefined {
  return retryInMs > 0 || spreadMs > 0 ? { retryInMs, spreadMs } : undefined;
}

/** As much of a text as a close frame can carry: 123 bytes of UTF-8 (RFC 6455 section 5.5). */
function closeReason(text: string): string {
  let bytes = 0;
  let reason = "";
  for (const character of text) {
    bytes += countBytes(character);
    if (bytes > MAX_REASON_BYTES) break;
    reason += character;
  }
  return reason;
}
