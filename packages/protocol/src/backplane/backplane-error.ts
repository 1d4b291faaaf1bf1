import { SenteError } from "../errors.ts";

/** Why a backplane could not do something; match on it, never on the message. */
export type BackplaneErrorCode =
  /** Nobody answered a question in time, or there is no such node. */
  | "no-answer"
  /** The node that was asked has failed to answer. */
  | "answer-failed"
  /** More bytes than `Membership.maxBytes`. */
  | "too-large"
  /** The broker cannot be reached, or did not do what it was asked for. */
  | "unreachable"
  /** This membership is over: `leave` was called, or its lease was lost. */
  | "left"
  /** What came on a topic is nothing that a node of this version posts; what it said is lost. */
  | "unreadable";

/**
 * A backplane could not do something, through no fault of the caller's. The message names neither credentials nor what was
 * posted.
 */
export class BackplaneError extends SenteError {
  override readonly name = "BackplaneError";
  declare readonly code: BackplaneErrorCode;

  constructor(code: BackplaneErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(code, message, options);
  }
}
