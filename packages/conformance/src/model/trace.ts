/** What happened in a run, in order, for a diagram. */
export type Trace =
  | {
      readonly type: "frame" | "close";
      readonly at: number;
      readonly sentAt: number;
      readonly client: number | "ghost";
      readonly from: "client" | "server";
      readonly text: string;
      readonly arrived: boolean;
    }
  | { readonly type: "note"; readonly at: number; readonly who: number | "server" | "all"; readonly text: string };
