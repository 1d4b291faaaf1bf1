import { expect, it } from "vitest";
import { type WebSocketLike, webSocketOpener } from "./web-socket.ts";

/** What a socket to that address says failed, where its runtime tells so much. */
function failureFor(event: unknown): string | undefined {
  let socket: WebSocketLike | undefined;
  const open = webSocketOpener(() => {
    socket = {
      binaryType: "",
      bufferedAmount: 0,
      onmessage: null,
      onerror: null,
      onclose: null,
      send() {},
      close() {},
    };
    return socket;
  });
  let told: string | undefined;
  const failed = (error: Error) => {
    told = error.message;
  };
  open("ws://x/chsk?csrf-token=secret", [], { message() {}, failed, closed() {} }, {});
  socket?.onerror?.(event);
  return told;
}

it("tells what failed as the runtime does, and never the query of the address", () => {
  const bun = "WebSocket connection to 'ws://x/chsk?csrf-token=secret' failed: Expected 101 status code: 401";
  expect(failureFor({ message: bun })).toBe(
    "WebSocket connection to 'ws://x/chsk' failed: Expected 101 status code: 401",
  );
  const deno = "NetworkError: failed to connect to WebSocket: Invalid status code: 429";
  expect(failureFor({ message: deno })).toBe(deno);
  for (const event of [{}, undefined, { message: "" }])
    expect(failureFor(event)).toBe("the WebSocket failed: ws://x/chsk");
});
