import { ReplyError } from "@sente-lite/protocol";
import { describe, expect } from "vitest";
import { type ClientSection, stageClient } from "./section.ts";

export function interceptorTests(section: ClientSection): void {
  const { target, test } = section;

  describe("interceptors", () => {
    test("are around a client's handlers, in the order of its events", async () => {
      const { stage, client, errors } = await stageClient(section);
      const seen: unknown[] = [];
      let isOver = () => {};
      const over = new Promise<void>((resolve) => {
        isOver = resolve;
      });
      target.startRouter(
        client,
        { "test/n": ({ data }) => data, "test/end": () => isOver() },
        {
          use: [
            async ({ id, data }, next) => {
              if (!id.startsWith("test/")) return next();
              await Promise.resolve();
              if (data === 2) return new ReplyError("left-out");
              if (data === 3) throw new ReplyError("reported");
              const reply = await next();
              seen.push([id, reply instanceof ReplyError ? reply.code : reply]);
              return reply;
            },
          ],
        },
      );
      const connection = await stage.greet();
      connection.send("[[[:test/n 1] [:test/n 2] [:test/n 3] [:test/nobody] [:test/n 4] [:test/end]] nil]");
      await over;
      expect(seen).toEqual([
        ["test/n", 1],
        ["test/nobody", "unhandled"],
        ["test/n", 4],
      ]);
      expect(errors.all.map(({ error, context }) => [error.message, context.source])).toEqual([
        ["the request failed: reported", "interceptor"],
      ]);
    });
  });
}
