// Makes a screenshot small: 256 colours instead of 16 million, which for flat areas and text nobody sees.
import { crc32, deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** A PNG of 8-bit RGB or RGBA, as browsers write it, as one with a palette of its most frequent colours. */
export function palettePng(png) {
  const { width, height, channels, rows } = decode(png);
  const counts = new Map();
  for (const row of rows) {
    for (let i = 0; i < row.length; i += channels) {
      const colour = row.readUIntBE(i, 3);
      counts.set(colour, (counts.get(colour) ?? 0) + 1);
    }
  }
  const palette = [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 256)
    .map(([colour]) => colour);
  const indices = new Map([...counts.keys()].map((colour) => [colour, nearest(palette, colour)]));
  const lines = rows.map((row) => {
    const line = Buffer.alloc(1 + width);
    for (let x = 0; x < width; x++) line[1 + x] = indices.get(row.readUIntBE(x * channels, 3));
    return line;
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3], 8);
  const colours = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]));
  const data = deflateSync(Buffer.concat(lines), { level: 9, memLevel: 9 });
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("PLTE", colours),
    chunk("IDAT", data),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function nearest(palette, colour) {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const [i, other] of palette.entries()) {
    const [red, green, blue] = [16, 8, 0].map((shift) => ((colour >> shift) & 255) - ((other >> shift) & 255));
    const distance = red * red + green * green + blue * blue;
    if (distance < least) [best, least] = [i, distance];
  }
  return best;
}

function decode(png) {
  const data = [];
  let header;
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const body = png.subarray(at + 8, at + 8 + length);
    const type = png.toString("latin1", at + 4, at + 8);
    if (type === "IHDR") header = body;
    if (type === "IDAT") data.push(body);
    at += 12 + length;
  }
  const [width, height, channels] = [header.readUInt32BE(0), header.readUInt32BE(4), header[9] === 6 ? 4 : 3];
  const raw = inflateSync(Buffer.concat(data));
  const rows = [];
  for (let y = 0; y < height; y++) {
    const start = y * (1 + width * channels);
    const row = raw.subarray(start + 1, start + 1 + width * channels);
    unfilter(raw[start], row, rows[y - 1] ?? Buffer.alloc(row.length), channels);
    rows.push(row);
  }
  return { width, height, channels, rows };
}

/** Undoes the filter of a row, in place (PNG specification, section 9). */
function unfilter(filter, row, above, channels) {
  for (let i = 0; i < row.length; i++) {
    const left = i < channels ? 0 : row[i - channels];
    const up = above[i];
    const corner = i < channels ? 0 : above[i - channels];
    if (filter === 1) row[i] += left;
    else if (filter === 2) row[i] += up;
    else if (filter === 3) row[i] += (left + up) >> 1;
    else if (filter === 4) row[i] += paeth(left, up, corner);
  }
}

function paeth(left, up, corner) {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

function chunk(type, body) {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length, 0);
  head.write(type, 4, "latin1");
  const tail = Buffer.alloc(4);
  tail.writeUInt32BE(crc32(Buffer.concat([head.subarray(4), body])), 0);
  return Buffer.concat([head, body, tail]);
}
