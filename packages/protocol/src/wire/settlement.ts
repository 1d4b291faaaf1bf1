/** How a request ended: with a reply, or with one of Sente's codes, or the code of the handler. */
export type Settlement =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly data: unknown;
      readonly cause?: unknown;
    };
