import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import {
  BackplaneError,
  type Entry,
  type Position,
  type StreamBounds,
  type StreamRange,
  type StreamRead,
  type Streams,
} from "@sente-lite/protocol/backplane";
import type { Connection, Word } from "./connection.ts";

// The log of a room is a Redis stream, whose ids are the offsets; beside it stands a hash of its epoch and top, which outlives
// the entries. Times are those of Redis.

/** How long a stream that nobody appends to has its epoch, at least. */
const EPOCH_MS = 86_400_000;

const begin = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local log, head = KEYS[1], KEYS[2]
local size, ttl, keep = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local epoch = redis.call('HGET', head, 'epoch')
if not epoch then
  epoch = ARGV[4]
  redis.call('DEL', log)
  redis.call('HSET', head, 'epoch', epoch, 'offset', 0)
end
redis.call('PEXPIRE', head, keep)
local function expire()
  while true do
    local oldest = redis.call('XRANGE', log, '-', '+', 'COUNT', 64)
    if #oldest == 0 or tonumber(oldest[1][2][4]) + ttl > now then return end
    local last
    for _, entry in ipairs(oldest) do
      if tonumber(entry[2][4]) + ttl > now then break end
      last = entry[1]
    end
    redis.call('XTRIM', log, 'MINID', '=', string.format('%.0f-0', tonumber(string.match(last, '^%d+')) + 1))
  end
end
`;

const append = `${begin}
local offset = redis.call('HINCRBY', head, 'offset', 1)
redis.call('XADD', log, 'MAXLEN', '=', size, string.format('%.0f-0', offset), 'bytes', ARGV[5],
  'at', string.format('%.0f', now))
redis.call('PEXPIRE', log, ttl)
expire()
return { epoch, offset }
`;

const read = `${begin}
expire()
local top = tonumber(redis.call('HGET', head, 'offset'))
local oldest = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
local first = oldest and tonumber(string.match(oldest[1], '^%d+')) or top + 1
local limit = ARGV[5]
-- Of none Redis returns no list.
local function range(command, from, to)
  if tonumber(limit) == 0 then return {} end
  return redis.call(command, log, from, to, 'COUNT', limit)
end
if ARGV[6] == 'after' then
  local after = tonumber(ARGV[8])
  if ARGV[7] ~= epoch or after < first - 1 or after > top then return { epoch, top, 0, {} } end
  local entries = range('XRANGE', string.format('%.0f-0', after + 1), '+')
  return { epoch, top, 1, entries }
end
local before = math.min(tonumber(ARGV[7]), top + 1)
if before <= first then return { epoch, top, 1, {} } end
local found = range('XREVRANGE', string.format('%.0f-0', before - 1), '-')
local entries = {}
for i = #found, 1, -1 do entries[#entries + 1] = found[i] end
local isComplete = #found > 0 and tonumber(string.match(entries[1][1], '^%d+')) == first
return { epoch, top, isComplete and 1 or 0, entries }
`;

/** Histories in the streams of Redis. */
export class RedisStreams implements Streams {
  readonly #connection: Connection;
  readonly #prefix: string;

  constructor(connection: Connection, prefix: string) {
    this.#connection = connection;
    this.#prefix = prefix;
  }

  async append(stream: string, bytes: Uint8Array, bounds: StreamBounds): Promise<Position> {
    const entry = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const reply = await this.#run(append, stream, bounds, [entry]);
    const [epoch, offset] = Array.isArray(reply) ? reply : [];
    return positionOf(epoch, offset);
  }

  async read(stream: string, range: StreamRange, bounds: StreamBounds): Promise<StreamRead> {
    const which =
      "after" in range
        ? ["after", range.after.epoch, `${range.after.offset}`]
        : ["last", `${range.before ?? Number.MAX_SAFE_INTEGER}`];
    const reply = await this.#run(read, stream, bounds, [`${range.limit}`, ...which]);
    const [epoch, offset, isComplete, entries] = Array.isArray(reply) ? reply : [];
    if (!Array.isArray(entries)) throw makeUnexpected();
    return { entries: entries.map(entryOf), isComplete: isComplete === 1, top: positionOf(epoch, offset) };
  }

  #run(script: string, stream: string, { size, ttlMs }: StreamBounds, words: readonly Word[]): Promise<unknown> {
    // The braces put both keys of a stream on one node of a cluster.
    const key = `${this.#prefix}:{stream:${stream}}`;
    const keep = Math.max(EPOCH_MS, 2 * ttlMs);
    const numbers = [size, ttlMs, keep].map((number) => `${Math.ceil(number)}`);
    return this.#connection.call(key, [
      "EVAL",
      script,
      "2",
      `${key}:log`,
      `${key}:head`,
      ...numbers,
      randomUUID(),
      ...words,
    ]);
  }
}

function positionOf(epoch: unknown, offset: unknown): Position {
  if (!Buffer.isBuffer(epoch) || typeof offset !== "number") throw makeUnexpected();
  return { epoch: epoch.toString(), offset };
}

function entryOf(entry: unknown): Entry {
  const [id, fields] = Array.isArray(entry) ? entry : [];
  const bytes = Array.isArray(fields) ? fields[1] : undefined;
  if (!Buffer.isBuffer(id) || !Buffer.isBuffer(bytes)) throw makeUnexpected();
  return { offset: Number.parseInt(id.toString(), 10), bytes: new Uint8Array(bytes) };
}

function makeUnexpected(): BackplaneError {
  return new BackplaneError("unreachable", "Redis answered with something else");
}
