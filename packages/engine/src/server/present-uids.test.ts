import fc from "fast-check";
import { afterEach, expect, it, vi } from "vitest";
import { setting } from "../testing/setting.test-support.ts";
import { PresentUids } from "./present-uids.ts";

afterEach(() => void vi.unstubAllGlobals());

/** Counts the values that are put into sets as these are made. */
function countCopied() {
  let copied = 0;
  class CountedSet<T> extends Set<T> {
    constructor(values?: Iterable<T> | null) {
      super(values);
      copied += this.size;
    }
  }
  vi.stubGlobal("Set", CountedSet);
  return () => copied;
}

it("who is told of 2,000 users that come, one after the other, has not all of them copied for each", async () => {
  const { server, tab, idle } = setting();
  const copied = countCopied();
  const seen: boolean[] = [];
  let last = server.connectedUids.get();
  server.connectedUids.subscribe((next, previous) => {
    seen.push(next !== previous && previous === last);
    last = next;
  });
  // Through the server a few: that it is this what its subscribers are told by.
  for (const uid of ["ann", "bob", "cat"]) tab(uid);
  await idle();
  expect([seen, [...last.any]]).toEqual([
    [true, true, true],
    ["ann", "bob", "cat"],
  ]);
  const uids = new PresentUids();
  const before = copied();
  for (let n = 0; n < 2_000; n++) {
    uids.view();
    uids.change(`u${n}`, true);
  }
  expect(copied() - before).toBeLessThan(4_000);
  expect(uids.view().any.size).toBe(2_000);
});

it("a view shows who was there when it was taken, whenever it is read", () => {
  const change = fc.integer({ min: 0, max: 12 });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), fc.infiniteStream(fc.boolean()), (changes, isRead) => {
      const uids = new PresentUids();
      const here = new Set<string>();
      const views = changes.map((n) => {
        const uid = `u${n}`;
        uids.change(uid, !here.has(uid));
        if (!here.delete(uid)) here.add(uid);
        const view = uids.view();
        const { value } = isRead.next();
        if (value) expect(view.ws).toEqual(here);
        return { view, was: new Set(here) };
      });
      for (const { view, was } of views) expect([view.any, view.ws, view.ajax]).toEqual([was, was, new Set()]);
    }),
  );
});

it("a view shows the same after more changes than share a copy", () => {
  const uids = new PresentUids();
  uids.change("ann", true);
  const view = uids.view();
  uids.change("ann", false);
  for (let n = 0; n < 2_500; n++) uids.change(`u${n}`, true);
  expect([...view.any]).toEqual(["ann"]);
  expect(view.any).toBe(view.ws);
});
