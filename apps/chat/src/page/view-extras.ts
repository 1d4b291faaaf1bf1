import type { Talk, View } from "../client/view.ts";

/** What came back after a reconnect, and how: the session went on, or what it missed was fetched. */
export interface Notice {
  readonly type: "resumed" | "fetched";
  readonly missed: number;
}

/** What a view may tell beyond the talk itself. */
export type PageView = View & { readonly notice?: Notice | undefined; readonly unread?: ReadonlyMap<string, number> };

export type PageTalk = Talk & { readonly typing?: readonly { readonly uid: string; readonly name: string }[] };
