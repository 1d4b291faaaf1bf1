/** What happened in a run, in order, for a diagram. */
export type Trace =
  /** A frame, a close, or a request and its refusal, at the time at which it arrived or got lost. */
  | {
      readonly type: "arrow";
      readonly at: number;
      readonly sentAt: number;
      readonly client: number | undefined;
      readonly from: "client" | "server";
      readonly text: string;
      readonly arrived: boolean;
    }
  | { readonly type: "note"; readonly at: number; readonly who: number | "server"; readonly text: string }
  /** The connection of a client breaks. */
  | { readonly type: "break"; readonly at: number; readonly who: number };
