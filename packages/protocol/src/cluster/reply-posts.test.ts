import { describe, expect, it } from "vitest";
import { ClusterMachine } from "./cluster-machine.ts";
import { PostCodec, type ReplyPost } from "./posts.ts";
import { uidTopic } from "./topics.ts";

const codec = new PostCodec([]);
const reply = (data: ReplyPost["data"]): ReplyPost => ({ type: "reply", session: "a_1", cbId: "r7", data });

function machine() {
  const made = new ClusterMachine("a", { codec, graceMs: 0, lasting: () => [] });
  made.isNode("a");
  return made;
}

describe("a reply on its way to where its session is (PROTOCOL.md section 6.13)", () => {
  it.each(['["v1","r7"]', Uint8Array.of(0, 255, 7)])("is posted as the frame that the client gets", (data) => {
    expect(codec.read(codec.write(reply(data)))).toEqual(reply(data));
  });

  it.each([{ session: 1 }, { cbId: null }, { data: 7 }, { data: undefined }])("is none with %j", (change) => {
    const bytes = codec.write({ ...reply("x"), ...change } as unknown as ReplyPost);
    expect(() => codec.read(bytes)).toThrow(expect.objectContaining({ code: "bad-post" }));
  });

  it("is kept for a session that is at no node, and told with what else was posted to its user", () => {
    const poster = machine();
    poster.postReply(uidTopic("ann"), reply("x"), 1_000);
    const output = poster.pollOutput();
    if (output?.type !== "post") throw new Error("nothing is posted");
    poster.noteSent(output, 3, 100);
    const { posts } = poster.recent.after([uidTopic("ann")], 2, 150);
    expect(posts.map(({ number, bytes }) => [number, codec.read(bytes)])).toEqual([[3, reply("x")]]);
  });

  it("is not posted where it is larger than what may be, and whoever posts it is told", () => {
    const poster = machine();
    const { length } = codec.write(reply("x".repeat(500)));
    poster.postReply("no-uid", reply("x".repeat(500)), length);
    expect(poster.pollOutput()).toMatchObject({ type: "post" });
    expect(() => poster.postReply("no-uid", reply("x".repeat(500)), length - 1)).toThrow(
      expect.objectContaining({ name: "EncodeError", code: "reply-too-large" }),
    );
    expect(poster.pollOutput()).toBeUndefined();
  });
});
