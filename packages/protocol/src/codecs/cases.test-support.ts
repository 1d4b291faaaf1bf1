import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** Of the cases that Node tries, what share the other runtimes try of the suites that run on all. */
    readonly shareOfCases?: number;
  }
}

const share = inject("shareOfCases") ?? 1;

/** How often a property is tried here, which Node tries so many times. */
export function cases(all: number): number {
  return Math.ceil(all * share);
}
