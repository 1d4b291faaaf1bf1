import type { Identities } from "../../values/identity.ts";
import { type Refuse, setOf } from "../collections.ts";

const CODE = "duplicate-key";

/** Refuses a key that a map has already. */
export function refuseDuplicate(refuse: Refuse): never {
  return refuse("a key that is there twice", CODE);
}

/** Makes the set of these members. Refuses members that are equal. */
export function makeDistinctSet(members: readonly unknown[], identities: Identities, refuse: Refuse): Set<unknown> {
  const set = setOf(members, refuse);
  if (set.size < members.length || identities.areEqualIn(set)) refuse("a member that is there twice", CODE);
  return set;
}

/** Returns the same map. Refuses composite keys that are equal. */
export function requireDistinctKeys(
  map: ReadonlyMap<unknown, unknown>,
  identities: Identities,
  refuse: Refuse,
): ReadonlyMap<unknown, unknown> {
  return identities.areEqualIn(map) ? refuseDuplicate(refuse) : map;
}
