import type { TestFn } from "../../targets/known-failures.ts";
import type { RunningServer, ServerTarget } from "../../targets/target.ts";

/** What each part of the attacks is given: servers that all of them share. */
export interface AttackSection {
  readonly target: ServerTarget;
  readonly test: TestFn;
  /** With the defaults, and rooms. */
  readonly open: () => RunningServer;
  /** With the token `s3cret`, and the origins `http://a.example` and `https://b.example:8443` allowed. */
  readonly guarded: () => RunningServer;
}
