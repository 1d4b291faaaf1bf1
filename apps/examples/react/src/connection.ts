import { type ClientState, makeChannelSocketClient } from "@sente-lite/browser";
import { useEffect, useSyncExternalStore } from "react";

/** One client for the whole page, made outside of components; on a server that renders it never connects. */
export const client = makeChannelSocketClient("/chsk", { connect: false });

/** The state of the connection, which the first component that is mounted opens. */
export function useConnection(): ClientState {
  // After hydration, so that both renderings begin with the same state. A second call changes nothing.
  useEffect(client.chsk.connect, []);
  return useSyncExternalStore(client.state.subscribe, client.state.get, client.state.get);
}
