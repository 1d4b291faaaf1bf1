// One client that sends as fast as it can, in a process of its own, of the lowest priority: node flood.mjs PORT KIND. It knows
// nothing of ours, and comes again where it is closed. Prints a line when it begins, and ends with its input.
import { connect } from "node:net";
import { constants, setPriority } from "node:os";

setPriority(constants.priority.PRIORITY_LOW);
const [port, kind] = process.argv.slice(2);

/** A frame of RFC 6455 of at most 65,535 bytes, masked with zeros. */
const frame = (opcode, payload, fin = true) => {
  const length = payload.length < 126 ? [payload.length] : [126, payload.length >> 8, payload.length & 0xff];
  const head = [(fin ? 0x80 : 0) | opcode, 0x80 | length[0], ...length.slice(1), 0, 0, 0, 0];
  return Buffer.concat([Buffer.from(head), Buffer.from(payload)]);
};
const times = (count, bytes) => Buffer.concat(Array.from({ length: count }, () => bytes));
const floods = {
  events: () => times(2_000, frame(1, '[["bench/event",1],null]')),
  requests: () => times(2_000, frame(1, '[["bench/echo",1],"r"]')),
  unreadable: () => times(2_000, frame(1, ")")),
  pings: () => times(2_000, frame(9, "p")),
  pongs: () => times(2_000, frame(10, "p")),
  large: () => times(2, frame(1, `[["bench/event",[${"1,".repeat(30_000)}1]],null]`)),
  // Messages of so many parts that no rule is broken.
  fragments: () => Buffer.concat([frame(1, "[", false), times(5_000, frame(0, " ", false)), frame(0, "]")]),
};
const many = floods[kind]();
const head = [
  "GET /chsk?client-id=flood HTTP/1.1",
  `Host: 127.0.0.1:${port}`,
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "\r\n",
].join("\r\n");
let hasBegun = false;

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
  socket.once("data", () => {
    if (!hasBegun) process.stdout.write('"begun"\n');
    hasBegun = true;
    send();
  });
}
flood();
process.stdin.resume().on("end", () => process.exit());
