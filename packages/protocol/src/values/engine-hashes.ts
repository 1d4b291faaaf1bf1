// The hashes by which V8 (Node, Deno, Chromium) puts numbers into its Maps and Sets. Sources: V8, src/utils/utils.h
// (ComputeUnseededHash, ComputeLongHash) and src/objects/objects.cc (GetSimpleHash). Should it change them, then what
// collided before is refused for nothing, and no more.

/** Of an integer of 32 bits. */
export function hashOfSmall(key: number): number {
  let hash = (~key + (key << 15)) | 0;
  hash ^= hash >>> 12;
  hash = (hash + (hash << 2)) | 0;
  hash ^= hash >>> 4;
  hash = Math.imul(hash, 2057);
  return hash ^ (hash >>> 16);
}

// A hash of 64 bits in two halves, since arithmetic with bigints is slow.
let high = 0;
let low = 0;

function add(otherHigh: number, otherLow: number): void {
  const sum = (low >>> 0) + (otherLow >>> 0);
  high = (high + otherHigh + (sum > 0xffffffff ? 1 : 0)) | 0;
  low = sum | 0;
}

function shiftHigh(bits: number): number {
  return (high << bits) | (low >>> (32 - bits));
}

/** Adds it to itself, shifted to the left. */
function addShifted(bits: number): void {
  add(shiftHigh(bits), low << bits);
}

function mixRight(bits: number): void {
  low ^= (low >>> bits) | (high << (32 - bits));
  high ^= high >>> bits;
}

function hashOfLong(): number {
  const fromHigh = shiftHigh(18);
  const fromLow = low << 18;
  high = ~high;
  low = ~low;
  add(fromHigh, fromLow);
  mixRight(31);
  // Times 21: 1 + 4 + 16.
  const fourHigh = shiftHigh(2);
  const fourLow = low << 2;
  const sixteenHigh = shiftHigh(4);
  const sixteenLow = low << 4;
  add(fourHigh, fourLow);
  add(sixteenHigh, sixteenLow);
  mixRight(11);
  addShifted(6);
  mixRight(22);
  return low;
}

const double = /* @__PURE__ */ new Float64Array(1);
const halves = /* @__PURE__ */ new Int32Array(double.buffer);

/** Of any other number. */
export function hashOfDouble(key: number): number {
  double[0] = key;
  // Every machine that runs JavaScript has the lower half first.
  low = halves[0] ?? 0;
  high = halves[1] ?? 0;
  return hashOfLong();
}

/** Of a bigint, by the lowest 64 bits of its size. */
export function hashOfBigint(key: bigint): number {
  const bits = BigInt.asUintN(64, key < 0n ? -key : key);
  low = Number(bits & 0xffffffffn) | 0;
  high = Number(bits >> 32n) | 0;
  return hashOfLong();
}
