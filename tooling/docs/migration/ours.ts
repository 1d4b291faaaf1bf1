import type {
  ChannelSocketClient,
  ClientMessage,
  ClientState,
  ConnectedUids,
  ErrorChan,
  HandshakeRequest,
  LastClose,
  NodeClientOptions,
  NodeServer,
  PushOptions,
  Receiver,
  Rejection,
  RequestOptions,
  RouterOptions,
  ServerMessage,
  ServerOptions,
} from "@sente-lite/node";
// The protocol's own events have no public type: a user meets them by their ids.
import type { ClientChskEvents, ServerChskEvents } from "../../../packages/protocol/src/contract/typed.ts";

/** What a page may call ours, by the first word: `client.chsk.connect` is a path through these types. */
export interface Ours {
  readonly server: NodeServer;
  readonly client: ChannelSocketClient;
  readonly state: ClientState;
  readonly lastWsClose: LastClose;
  readonly lastClose: NonNullable<ClientState["lastClose"]>;
  readonly connectedUids: ConnectedUids;
  readonly chRecv: Receiver<ServerMessage>;
  readonly errorChan: ErrorChan;
  readonly serverMessage: ServerMessage;
  readonly clientMessage: ClientMessage;
  readonly request: HandshakeRequest;
  readonly rejection: Rejection;
  readonly serverOptions: ServerOptions;
  readonly clientOptions: NodeClientOptions;
  readonly pushOptions: PushOptions;
  readonly requestOptions: RequestOptions;
  readonly routerOptions: RouterOptions<ServerMessage>;
  readonly events: ServerChskEvents & ClientChskEvents;
}
