import type {
  ChannelSocketClient,
  ClientMessage,
  ClientMessages,
  ClientState,
  ConnectedUids,
  Contract,
  ErrorChan,
  HandshakeRequest,
  LastClose,
  NodeClientOptions,
  NodeServer,
  NodeServerOptions,
  PushOptions,
  Receiver,
  Rejection,
  RequestOptions,
  RouterOptions,
  SendOptions,
  ServerMessage,
  ServerMessages,
} from "@sente-lite/node";

// What is delivered under a contract without events is the protocol's own.
type NoEvents = Contract<Record<never, never>, Record<never, never>>;
type OwnEvents = ServerMessages<unknown, NoEvents> | ClientMessages<NoEvents>;

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
  readonly serverOptions: NodeServerOptions;
  readonly clientOptions: NodeClientOptions;
  readonly pushOptions: PushOptions;
  readonly sendOptions: SendOptions;
  readonly requestOptions: RequestOptions;
  readonly routerOptions: RouterOptions<ServerMessage>;
  readonly events: Readonly<Record<OwnEvents["id"], unknown>>;
}
