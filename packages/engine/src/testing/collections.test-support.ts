import { Session } from "node:inspector";
import { types } from "node:util";

/** A Map, a Set or an array that this process holds, by the count of its entries and one of them. */
export interface Held {
  readonly size: number;
  readonly sample: string;
}

const kept = globalThis as { [KEY]?: readonly object[] };
const KEY = "collections-of-this-process";

/**
 * Every Map, Set and array with at least so many entries that anything in this process still reaches, private fields and closures
 * included. Garbage is collected before.
 */
export function collectionsOf(atLeast: number): readonly Held[] {
  // Arrays first: what is found of the others is in arrays.
  return [Array, Map, Set].flatMap((type) => {
    const found = instancesOf(type);
    // It has itself, too.
    return found.filter((what) => what !== found).flatMap((what) => describe(what, atLeast));
  });
}

function describe(what: object, atLeast: number): readonly Held[] {
  if (Array.isArray(what)) return what.length < atLeast ? [] : [{ size: what.length, sample: show(what[0]) }];
  // Among them are the prototypes of classes that extend one of them, which are none.
  if (!(types.isMap(what) || types.isSet(what)) || what.size < atLeast) return [];
  return [{ size: what.size, sample: show(what.keys().next().value) }];
}

const show = (value: unknown) => (typeof value === "object" ? typeof value : String(value).slice(0, 80));

function instancesOf(type: { readonly name: string }): readonly object[] {
  const session = new Session();
  session.connect();
  try {
    let found: readonly object[] = [];
    session.post("Runtime.evaluate", { expression: `${type.name}.prototype` }, (_, { result }) => {
      const prototypeObjectId = String(result.objectId);
      session.post("Runtime.queryObjects", { prototypeObjectId }, (_error, { objects }) => {
        const functionDeclaration = `function () { globalThis[${JSON.stringify(KEY)}] = this; }`;
        session.post("Runtime.callFunctionOn", { objectId: String(objects.objectId), functionDeclaration }, () => {
          found = kept[KEY] ?? [];
        });
      });
    });
    return found;
  } finally {
    delete kept[KEY];
    session.disconnect();
  }
}
