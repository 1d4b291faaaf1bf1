import { describe, expect, it } from "vitest";
import { UsageError } from "./errors.ts";
import { checkKnownOptions, checkOptions, findNearestName } from "./known-options.ts";

const names = ["authorizedFn", "userIdFn", "rejectFn", "pingIntervalMs", "pingTimeoutMs", "maxQueuedBytes"];
const check = (given: object) => () =>
  checkKnownOptions(given, { of: "makeServer", names, meant: { auth: "userIdFn" } });

describe("an option that there is not", () => {
  it("is refused with the name that is nearest", () => {
    expect(check({ userIdFn: 1, authorizeFn: 2 })).toThrow(
      new UsageError("unknown-option", 'makeServer has no option "authorizeFn"; did you mean "authorizedFn"?'),
    );
    expect(check({ authorizeFn: undefined })).toThrow(expect.objectContaining({ code: "unknown-option" }));
    expect(check({ userIdFn: undefined, pingTimeoutMs: 1 })).not.toThrow();
    expect(check({})).not.toThrow();
  });

  it("is refused with all names where none is near, and with the one that is meant", () => {
    expect(check({ zzz: 1 })).toThrow(
      "it takes: authorizedFn, maxQueuedBytes, pingIntervalMs, pingTimeoutMs, rejectFn, userIdFn",
    );
    expect(check({ auth: 1 })).toThrow('did you mean "userIdFn"?');
    expect(check({ toString: 1 })).toThrow('no option "toString"; it takes');
    expect(check(JSON.parse('{"__proto__": 1}'))).toThrow('no option "__proto__"');
  });

  it("is shown in part where its name is long, and compared in no time", () => {
    const long = "x".repeat(1_000_000);
    expect(check({ [long]: 1 })).toThrow(`no option "${"x".repeat(60)}"; it takes`);
  });
});

describe("the nearest name", () => {
  it.each([
    ["userIDFn", "userIdFn"],
    ["uesrIdFn", "userIdFn"],
    ["userFn", "userIdFn"],
    ["pingTimeout", "pingTimeoutMs"],
    ["pingIntervallMs", "pingIntervalMs"],
    ["maxQueuedByte", "maxQueuedBytes"],
    ["rejetFn", "rejectFn"],
  ])("of %s is %s", (given, nearest) => {
    expect(findNearestName(given, names)).toBe(nearest);
  });

  it("takes a swap of neighbours for one edit", () => {
    expect(findNearestName("ba", ["ab", "bbxx"])).toBeUndefined();
    expect(findNearestName("bacd", ["abcd"])).toBe("abcd");
    expect(findNearestName("badc", ["abcd"])).toBeUndefined();
    expect(findNearestName("", names)).toBeUndefined();
  });
});

describe("the kind of an option", () => {
  const kinds = { authorizedFn: "function", csrfToken: "string|function", drainMs: 0, rejectWith: ["auto", "close"] };
  const checked = (given: unknown) => () => checkOptions("it", given, kinds, { policy: "rejectWith" });

  it.each([
    [{ authorizedFn: null }, "it: the option authorizedFn is function, not null"],
    [{ csrfToken: 7 }, "it: the option csrfToken is string or function, not 7"],
    [{ csrfToken: ["t"] }, "it: the option csrfToken is string or function, not an array"],
    [{ rejectWith: "http2" }, 'it: the option rejectWith is "auto" or "close", not "http2"'],
    [null, "it takes an object of options, not null"],
    ["fast", 'it takes an object of options, not "fast"'],
    [[], "it takes an object of options, not an array"],
    [() => {}, "it takes an object of options, not a function"],
  ])("is not that of %j", (given, message) => {
    expect(checked(given)).toThrow(new UsageError("bad-option", message));
    expect(checked(given)).toThrow(expect.objectContaining({ code: "bad-option" }));
  });

  it.each([
    undefined,
    {},
    { authorizedFn: undefined },
    { authorizedFn: () => true, csrfToken: "t", drainMs: {}, rejectWith: "auto" },
  ])("may be that of %j", (given) => {
    expect(checked(given)).not.toThrow();
  });

  it("is looked at after the names", () => {
    expect(checked({ drainMs: 1, policy: 1 })).toThrow('it has no option "policy"; did you mean "rejectWith"?');
  });
});
