// The tables and the plot of codec-runtimes.mjs, of its numbers alone.
import { names, ourNames } from "./codec-contest.mjs";
import { bars } from "./faults/report/svg.mjs";

/** The message of the plot: what lists of an application's rows look like. */
const PLOTTED = "100 maps";

/** A page's clock is coarse: less than it shows was not measured. */
const micros = (value) =>
  value < 0.01 ? "–" : value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : String(Math.round(value));

/** One table for each message: microseconds to encode and decode, by runtime, and bytes. */
export function tables({ times, sizes, measured, machine }) {
  const runtimes = Object.keys(times);
  const parts = Object.entries(sizes).flatMap(([message, sizeOf]) => [
    `**${message}**`,
    "",
    `| | ${runtimes.map((runtime) => `${runtime}, encode / decode`).join(" | ")} | bytes | gzipped |`,
    `|---|${"---|".repeat(runtimes.length + 2)}`,
    ...names.map((name) => {
      const cells = runtimes.map((runtime) => {
        const { encode, decode } = times[runtime][message][name];
        return `${micros(encode)} / ${micros(decode)}`;
      });
      const title = ourNames.includes(name) ? `**${name}**` : name;
      return `| ${title} | ${cells.join(" | ")} | ${sizeOf[name].bytes} | ${sizeOf[name].gzipped} |`;
    }),
    "",
  ]);
  return [...parts, `Microseconds; ours in bold. The best of many rounds in turn, ${measured}. ${machine}.`].join("\n");
}

const addTimes = ({ encode, decode }) => encode + decode;

/** What is said of codecs, in numbers: how often faster Transit is than EDN, how much smaller, and who is smallest. */
export function claims({ times, sizes }) {
  const runtimes = Object.keys(times);
  const findSmallest = (sizeOf, key) =>
    ourNames.reduce((least, name) => (sizeOf[name][key] < sizeOf[least][key] ? name : least));
  return [
    `| message | ${runtimes.map((runtime) => `transit-json is faster than edn: ${runtime}`).join(" | ")} | and smaller by | smallest | gzipped |`,
    `|---|${"---|".repeat(runtimes.length + 3)}`,
    ...Object.entries(sizes).map(([message, sizeOf]) => {
      const faster = runtimes.map((runtime) => {
        const of = times[runtime][message];
        return `${(addTimes(of.edn) / addTimes(of["transit-json"])).toFixed(1)} x`;
      });
      const smaller = Math.round(100 * (1 - sizeOf["transit-json"].bytes / sizeOf.edn.bytes));
      return `| ${message} | ${faster.join(" | ")} | ${smaller} % | ${findSmallest(sizeOf, "bytes")} | ${findSmallest(sizeOf, "gzipped")} |`;
    }),
  ].join("\n");
}

/** Encoding and decoding a list of maps, on the first runtime. */
export function plot({ times, sizes }) {
  const [runtime = "Node"] = Object.keys(times);
  const of = times[runtime][PLOTTED];
  const rows = names.map((name) => ({
    title: name,
    value: addTimes(of[name]),
    note: `${Math.round(addTimes(of[name]))} µs, ${(sizes[PLOTTED][name].bytes / 1_000).toFixed(1)} kB`,
    isOurs: ourNames.includes(name),
  }));
  return bars(`${PLOTTED}, encoded and decoded on ${runtime}`, rows);
}
