import { type HandshakeHeaders, UsageError } from "@sente-lite/protocol";
import { showValue } from "@sente-lite/protocol/options";
import { isWithin, type Network, parseIp, parseNetwork, printIp } from "./limits/ip-address.ts";
import type { UpgradeRequest } from "./request.ts";

/** What one proxy says of the peer that it forwards for. */
interface Hop {
  readonly for?: string | undefined;
  readonly host?: string | undefined;
  readonly proto?: string | undefined;
}

/** What a chain of proxies says, as far as it is trusted. */
interface Told {
  readonly remoteAddress: string | undefined;
  readonly host: string | undefined;
  readonly proto: string | undefined;
}

type IsTrusted = (address: string | undefined, hops: number) => boolean;

/**
 * Where a request comes from, by what trusted proxies say of it (RFC 7239, and the headers X-Forwarded-For, -Host and
 * -Proto). Each proxy adds who it was asked by to the end, so they are read from there, as long as who said it is trusted:
 * what a client writes itself stands before that, and is never read.
 */
export class Proxies {
  readonly #isTrusted: IsTrusted;

  /** Throws `UsageError` `bad-option`. */
  constructor(trusted: unknown) {
    this.#isTrusted = createTrust(trusted);
  }

  /** The request as the client made it. */
  resolve(request: UpgradeRequest): UpgradeRequest {
    const { headers, remoteAddress } = request;
    const standard = headers.get("forwarded");
    const usual = headers.get("x-forwarded-for");
    if (standard === null) return applyTold(request, this.#read(remoteAddress, usualHops(headers)));
    const told = this.#read(remoteAddress, standardHops(standard));
    // A proxy that writes one of the two lets pass what a client wrote into the other.
    const isDoubtful =
      usual !== null && this.#read(remoteAddress, usualHops(headers)).remoteAddress !== told.remoteAddress;
    return isDoubtful ? request : applyTold(request, told);
  }

  /** `hops`: the nearest proxy's first. */
  #read(remoteAddress: string | undefined, hops: Hops): Told {
    let client = remoteAddress;
    let trusted = 0;
    while (this.#isTrusted(client, trusted)) {
      const next = readNode(hops.nodes[trusted++]);
      if (next === undefined) break;
      client = next;
    }
    return { remoteAddress: client, host: outermost(hops.hosts, trusted), proto: outermost(hops.protos, trusted) };
  }
}

/** The nearest proxy's word first. */
interface Hops {
  readonly nodes: readonly (string | undefined)[];
  readonly hosts: readonly string[];
  readonly protos: readonly string[];
}

/** The word of the trusted proxy that is farthest away; some write theirs in the place of what was there. */
function outermost(words: readonly string[], trusted: number): string | undefined {
  return words[Math.min(trusted, words.length) - 1];
}

function applyTold(request: UpgradeRequest, { remoteAddress, host, proto }: Told): UpgradeRequest {
  const isSecure = /^(https?|wss?)$/i.test(proto ?? "") ? /s$/i.test(proto ?? "") : request.isSecure;
  return { ...request, remoteAddress, host: host ?? request.host, isSecure };
}

function usualHops(headers: Pick<HandshakeHeaders, "get">): Hops {
  const wordsOf = (name: string) => {
    const words = (headers.get(name) ?? "").split(",").reverse();
    return words.map((word) => word.trim()).filter((word) => word !== "");
  };
  return {
    nodes: wordsOf("x-forwarded-for"),
    hosts: wordsOf("x-forwarded-host"),
    protos: wordsOf("x-forwarded-proto"),
  };
}

function standardHops(header: string): Hops {
  const hops = splitWords(header, ",").map(readElement);
  const isSaid = (word: string | undefined): word is string => word !== undefined;
  return {
    nodes: hops.map((hop) => hop.for),
    hosts: hops.map(({ host }) => host).filter(isSaid),
    protos: hops.map(({ proto }) => proto).filter(isSaid),
  };
}

/** One element of `Forwarded`; what is malformed in it is left out. */
function readElement(text: string): Hop {
  const pairs = splitWords(text, ";").flatMap((pair) => {
    const [, name, quoted, token] = /^([\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))$/.exec(pair) ?? [];
    return name === undefined ? [] : [[name.toLowerCase(), quoted?.replace(/\\(.)/g, "$1") ?? token] as const];
  });
  return Object.fromEntries(pairs.filter(([name]) => name === "for" || name === "host" || name === "proto"));
}

/**
 * The parts between separators that stand outside of quotes, the last first: read from the end, a quote that a client
 * left open takes nothing away of what stands behind it.
 */
function splitWords(text: string, separator: "," | ";"): string[] {
  const words: string[] = [];
  let end = text.length;
  let isQuoted = false;
  for (let i = text.length - 1; i >= 0; i--) {
    if (text[i] === '"' && text[i - 1] !== "\\") isQuoted = !isQuoted;
    if (text[i] !== separator || isQuoted) continue;
    words.push(text.slice(i + 1, end).trim());
    end = i;
  }
  return [...words, text.slice(0, end).trim()].filter((word) => word !== "");
}

/** The address of a node, without its port; undefined for one that is unknown, hidden or malformed. */
function readNode(node: string | undefined): string | undefined {
  if (node === undefined) return undefined;
  const [, six, four] = /^(?:\[([^\]]+)\]|([\d.]+))(?::\d{1,5})?$/.exec(node) ?? [];
  const address = parseIp(six ?? four ?? node);
  return address && printIp(address);
}

function createTrust(trusted: unknown): IsTrusted {
  if (typeof trusted === "number" && Number.isInteger(trusted) && trusted >= 1) return (_, hops) => hops < trusted;
  if (!Array.isArray(trusted)) throw createTrustError(showValue(trusted));
  const networks = trusted.map((one: unknown): Network => {
    const network = typeof one === "string" ? parseNetwork(one) : undefined;
    if (network === undefined) throw createTrustError(`one of ${showValue(one)}`);
    return network;
  });
  return (text) => {
    const address = text === undefined ? undefined : parseIp(text);
    return address !== undefined && networks.some((network) => isWithin(address, network));
  };
}

function createTrustError(given: string): UsageError {
  const what = 'the number of proxies, or an array of their addresses and networks, as "10.0.0.0/8"';
  return new UsageError("bad-option", `makeChannelSocketServer: trustProxy is ${what}, not ${given}`);
}
