// One client that sends as fast as it can, in a process of its own: node abuse-flood.mjs PORT KIND. It knows nothing of ours, and
// comes again where it is closed. Ends with its input.
import { connect } from "node:net";

const [port, kind] = process.argv.slice(2);

/** A frame of RFC 6455 of at most 125 bytes, masked with zeros. */
const frame = (opcode, payload) =>
  Buffer.concat([Buffer.of(0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0), Buffer.from(payload)]);
const frames = {
  events: frame(1, '[["bench/event",1],null]'),
  requests: frame(1, '[["bench/echo",1],"r"]'),
  unreadable: frame(1, ")"),
  pings: frame(9, "p"),
};
const many = Buffer.concat(Array.from({ length: 2_000 }, () => frames[kind]));
const head = [
  "GET /chsk?client-id=flood HTTP/1.1",
  `Host: 127.0.0.1:${port}`,
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "\r\n",
].join("\r\n");

function flood() {
  const socket = connect(Number(port), "127.0.0.1");
  socket.on("error", () => {});
  socket.on("close", () => setTimeout(flood, 100));
  socket.write(head);
  const send = () => {
    while (!socket.destroyed && socket.write(many));
  };
  socket.on("drain", send);
  // What it is answered it reads, and forgets.
  socket.resume();
  socket.once("data", send);
}
flood();
process.stdin.resume().on("end", () => process.exit());
