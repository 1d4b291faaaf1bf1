import { libraries, titleOf } from "../libraries.mjs";
import { BIN_MS } from "../parts/avalanche.mjs";
import { bars, histograms } from "./svg.mjs";
import { count } from "./tables.mjs";

const isOurs = (name) => name.startsWith("ours");
const namesIn = (results) => Object.keys(libraries).filter((name) => results[name] !== undefined);

export const avalanchePlot = (downMs) => `docs/images/reliability-avalanche-${downMs / 1_000}s.svg`;
export const jitterPlot = "docs/images/reliability-jitter.svg";

/** The plots of the parts that were measured, by path. */
export function plotsOf({ parts: { jitter, avalanche } }) {
  const plots = {};
  if (jitter !== undefined) plots[jitterPlot] = lossesOf(jitter.results);
  for (const downMs of avalanche?.params.downMs ?? []) {
    plots[avalanchePlot(downMs)] = plotKnocking(avalanche.results, downMs);
  }
  return plots;
}

function lossesOf(results) {
  const rows = namesIn(results).map((name) => {
    const { sent, lost } = results[name];
    const share = lost === 0 ? "none" : `${count(lost)} (${((100 * lost) / sent).toFixed(1)} %)`;
    return { title: titleOf(name), value: lost, note: share, isOurs: isOurs(name) };
  });
  return bars(`Messages lost, of ${count(results[namesIn(results)[0]].sent)}`, rows);
}

function plotKnocking(results, downMs) {
  const panels = namesIn(results).map((name) => {
    const { bins, anyPeak } = results[name].outages.find((outage) => outage.downMs === downMs);
    return { title: titleOf(name), note: `highest ${count(anyPeak)}`, bins, isOurs: isOurs(name) };
  });
  const longest = Math.max(...panels.map(({ bins }) => bins.length)) * BIN_MS;
  return histograms(`Attempts per ${BIN_MS} ms, server away for ${downMs / 1_000} s`, panels, {
    binMs: BIN_MS,
    untilMs: Math.ceil(longest / 2_000) * 2_000,
    marks: [{ atMs: downMs, label: `the server is started again, ${downMs / 1_000} s` }],
    axis: "seconds since the kill; each row to its own scale",
  });
}
