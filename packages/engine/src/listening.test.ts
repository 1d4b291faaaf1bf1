import { describe, expect, it } from "vitest";
import { listenOptionsOf } from "./listening.ts";

describe("where a server is asked to listen", () => {
  it("is this machine alone, unless a name is given", () => {
    expect(listenOptionsOf({}, true)).toEqual({ port: 0, hostname: "127.0.0.1", path: "/chsk" });
    expect(listenOptionsOf({ hostname: "0.0.0.0" }, false).hostname).toBe("0.0.0.0");
  });

  it("is never every address because a name is empty", () => {
    expect(() => listenOptionsOf({ hostname: "" }, true)).toThrow(
      expect.objectContaining({ name: "UsageError", code: "bad-option" }),
    );
  });
});
