/** An address as eight groups of 16 bits; of version 4 as it is mapped into version 6 (RFC 4291 section 2.5.5.2). */
export type IpAddress = readonly number[];

const MAPPED = [0, 0, 0, 0, 0, 0xffff];
const GROUPS = 8;

/** An address in either version, without a port, with or without the name of an interface; undefined for what is none. */
export function parseIp(text: string): IpAddress | undefined {
  if (!text.includes(":")) {
    const four = parseFour(text);
    return four && [...MAPPED, ...four];
  }
  const [address = ""] = text.split("%", 1);
  const halves = address.split("::");
  if (halves.length > 2) return undefined;
  const [before, after] = halves.map((half, index) => groupsOf(half, index === halves.length - 1));
  if (before === undefined) return undefined;
  if (halves.length === 1) return before.length === GROUPS ? before : undefined;
  if (after === undefined || before.length + after.length >= GROUPS) return undefined;
  return [...before, ...Array<number>(GROUPS - before.length - after.length).fill(0), ...after];
}

/** The groups of one side of `::`; undefined where one of them is none. Four bytes may stand at the end of an address. */
function groupsOf(text: string, isLast: boolean): number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (isLast && index === parts.length - 1 && part.includes(".")) {
      const four = parseFour(part);
      if (four === undefined) return undefined;
      groups.push(...four);
    } else if (/^[\da-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

/** An address of version 4 as two groups. */
function parseFour(text: string): [number, number] | undefined {
  const bytes = text.split(".");
  if (bytes.length !== 4 || !bytes.every((byte) => /^(0|[1-9]\d{0,2})$/.test(byte) && Number(byte) <= 255))
    return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = bytes.map(Number);
  return [(a << 8) | b, (c << 8) | d];
}

/** True for an address of version 4, also where it is mapped into version 6. */
export function isFour(address: IpAddress): boolean {
  return MAPPED.every((group, index) => address[index] === group);
}

/** How an address is written; the same one always in the same way. */
export function printIp(address: IpAddress): string {
  if (!isFour(address)) return address.map((group) => group.toString(16)).join(":");
  return address
    .slice(MAPPED.length)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join(".");
}

/**
 * Who is counted as one: an address of version 4, and of version 6 the network of 64 bits that one customer has for
 * themselves. What is no address counts as it is written.
 */
export function placeOf(text: string): string {
  const address = parseIp(text);
  if (address === undefined) return text;
  return isFour(address) ? printIp(address) : `${printIp(address.slice(0, 4))}::/64`;
}

/** Addresses that share their first bits. */
export interface Network {
  readonly address: IpAddress;
  readonly bits: number;
}

/** An address, or a network as `10.0.0.0/8`; undefined for what is neither. */
export function parseNetwork(text: string): Network | undefined {
  const [, written = "", length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = parseIp(written);
  if (address === undefined) return undefined;
  const all = written.includes(":") ? 128 : 32;
  const bits = length === undefined ? all : Number(length);
  return bits > all ? undefined : { address, bits: bits + (128 - all) };
}

export function isWithin(ip: IpAddress, { address, bits }: Network): boolean {
  for (let group = 0; group * 16 < bits; group++) {
    const compared = Math.min(16, bits - group * 16);
    const mask = (0xffff << (16 - compared)) & 0xffff;
    if (((ip[group] ?? 0) & mask) !== ((address[group] ?? 0) & mask)) return false;
  }
  return true;
}
