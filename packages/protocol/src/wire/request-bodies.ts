import type { SenteEvent } from "../event.ts";
import { readInnerEvent } from "./event.ts";
import { requestIds } from "./feature-events.ts";
import type { Settlement } from "./settlement.ts";

// What requests to clients say (PROTOCOL.md section 6.11): written, and read of whatever a peer sent.

/** How a client answers: with a value, or why it does not. */
export type Answer =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly failure: { readonly code: string; readonly message: string; readonly data: unknown };
    };

/** Asks a client; `id` names the request for its reply, and `event` is as the codec writes it. */
export function makeRequest(id: number, event: readonly unknown[]): SenteEvent {
  return [requestIds.request, { id, event }];
}

/** What a server asks; undefined where it is no request. */
export function readRequest(
  data: unknown,
  stringIds: boolean,
): { readonly id: number; readonly event: SenteEvent } | undefined {
  const { id, event: inner } = bodyOf(data);
  const event = readInnerEvent(inner, stringIds);
  return isRequestId(id) && event !== undefined ? { id, event } : undefined;
}

/** Answers the request of that id. */
export function makeReply(id: number, answer: Answer): SenteEvent {
  if (answer.ok) return [requestIds.reply, { id, value: answer.value === undefined ? null : answer.value }];
  const { code, message, data = null } = answer.failure;
  return [requestIds.reply, { id, error: { code, message, data } }];
}

/** Which request a client answers, and how; undefined where it is no reply. */
export function readReply(data: unknown): { readonly id: number; readonly settlement: Settlement } | undefined {
  const body = bodyOf(data);
  const { id, error } = body;
  if (!isRequestId(id) || "error" in body === "value" in body) return undefined;
  if ("value" in body) return { id, settlement: { ok: true, value: body.value } };
  const { code, message, data: details = null } = bodyOf(error);
  return {
    id,
    settlement: {
      ok: false,
      code: typeof code === "string" ? code : "error",
      message: typeof message === "string" ? message : "the handler failed",
      data: details,
    },
  };
}

function isRequestId(id: unknown): id is number {
  return Number.isSafeInteger(id) && (id as number) > 0;
}

/** The data of an event as an object; empty for anything else. */
function bodyOf(data: unknown): Readonly<Record<string, unknown>> {
  return typeof data === "object" && data !== null && !Array.isArray(data) ? (data as Record<string, unknown>) : {};
}
