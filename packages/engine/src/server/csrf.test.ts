import { describe, expect, it } from "vitest";
import { isValidCsrfToken } from "./csrf.ts";
import { allowOrigin } from "./origin.ts";

describe("isValidCsrfToken", () => {
  it("is true for the same token, and for nothing else", () => {
    expect(isValidCsrfToken("s3cret", "s3cret")).toBe(true);
    for (const given of ["", "s3cre", "s3cret2", "S3cret", "terc3s", null, undefined, 1, true, ["s3cret"]]) {
      expect(isValidCsrfToken(given as string, "s3cret")).toBe(false);
    }
    for (const expected of ["", null, undefined, 0, false, {}]) {
      expect(isValidCsrfToken("", expected as string)).toBe(false);
      expect(isValidCsrfToken(String(expected), expected as string)).toBe(false);
    }
  });

  it("looks at all of a token, wherever the first difference is", () => {
    const looks = (given: string) => {
      let count = 0;
      const expected = "0123456789";
      const { charCodeAt } = String.prototype;
      String.prototype.charCodeAt = function (at) {
        count++;
        return charCodeAt.call(this, at);
      };
      isValidCsrfToken(given, expected);
      String.prototype.charCodeAt = charCodeAt;
      return count;
    };
    expect(["0123456789", "x123456789", "012345678x", "x", ""].map(looks)).toEqual([20, 20, 20, 20, 20]);
  });
});

describe("allowOrigin", () => {
  const allows = (headers: Record<string, string>, allowed?: "*" | readonly string[]) => {
    const web = allowOrigin({ headers: new Headers(headers) }, allowed);
    expect(allowOrigin({ headers }, allowed)).toBe(web);
    return web;
  };

  it("allows pages of the own host, those that are named, and what is no page", () => {
    const host = "app.example";
    expect(allows({ host })).toBe(true);
    expect(allows({ host, origin: "https://app.example" })).toBe(true);
    expect(allows({ host, origin: "https://admin.example" }, ["https://admin.example"])).toBe(true);
    expect(allows({ host, origin: "null" }, "*")).toBe(true);
    for (const origin of ["null", "https://evil.example", "https://app.example.evil", "https://app.example@evil"]) {
      expect(allows({ host, origin }, ["https://admin.example"])).toBe(false);
      expect(allows({ origin })).toBe(false);
    }
  });

  it("throws for what no page ever sends", () => {
    for (const allowed of [["*"], ["app.example"], ["https://app.example/"], "https://app.example", [1]]) {
      expect(() => allows({}, allowed as string[])).toThrow(expect.objectContaining({ code: "bad-option" }));
    }
  });
});
