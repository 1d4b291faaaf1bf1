import { ReplyError, type RequestOptions, type SenteError } from "@sente-lite/protocol";
import { whenSettled } from "@sente-lite/protocol/calls";
import type { Gate } from "@sente-lite/protocol/contract";
import { checkOptions } from "@sente-lite/protocol/options";
import type { Settlement } from "@sente-lite/protocol/session";
import { checkSignal, onAbort } from "./abort.ts";
import { limitOf } from "./limits.ts";

const requestKinds = { timeoutMs: 0, signal: "object" };

/** How long the caller of a request waits, and what ends that. */
export interface Patience {
  readonly timeoutMs: number;
  readonly signal: RequestOptions["signal"];
}

/**
 * What the options of a request say. Throws `UsageError` for those that cannot be meant, and the reason of a signal that
 * has aborted.
 */
export function readPatience(taker: string, options: RequestOptions, requestTimeoutMs: number): Patience {
  checkOptions(taker, options, requestKinds);
  const signal = checkSignal(taker, options.signal);
  const timeoutMs = options.timeoutMs === undefined ? requestTimeoutMs : limitOf("timeoutMs", options.timeoutMs);
  if (signal?.aborted) throw signal.reason;
  return { timeoutMs, signal };
}

/** The steps of a request, whichever side makes it. */
export interface RequestSteps {
  /** Begins it; `settle` is called once, never before this returns. Returns what takes the request back. */
  readonly begin: (settle: (settlement: Settlement) => void) => () => void;
  /** Lets the session have its frame sent. */
  readonly transmit: () => void;
}

/** Makes a request and waits for its end: its value, a `ReplyError`, or the reason of the signal. */
export function settlementOf(signal: RequestOptions["signal"], { begin, transmit }: RequestSteps): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const takeBack = begin((settlement) => {
      stopWaiting();
      if (settlement.ok) {
        resolve(settlement.value);
        return;
      }
      const { code, ...failure } = settlement;
      reject(new ReplyError(code, failure));
    });
    const stopWaiting = onAbort(signal, () => {
      stopWaiting();
      reject(signal?.reason);
      takeBack();
    });
    transmit();
  });
}

/** Checks a reply by the contract: what does not keep it fails the request, and is reported. */
export function checkReply(
  gate: Gate,
  reply: { readonly eventId: string; readonly value: unknown },
  report: (error: SenteError, context: Readonly<Record<string, unknown>>) => void,
  settle: (settlement: Settlement) => void,
): PromiseLike<void> | undefined {
  return whenSettled(gate.reply(reply.eventId, reply.value), (verdict) => {
    if (verdict.ok) {
      settle({ ok: true, value: verdict.value });
      return;
    }
    const { error } = verdict;
    report(error, { source: "contract", event: reply.eventId });
    settle({ ok: false, code: error.code, message: error.message, data: null, cause: error });
  });
}
