import { findById } from "../elements.ts";

// Round trips differ by powers of ten, from a server on this machine to a network that stood still: so does the scale.
const LEAST_MS = 1;
const DECADES = 4;
const WIDTH = 60;
const HEIGHT = 40;

/** Draws round trips as a line, the newest at the right end, and says them in words. */
export function createRoundTripPlot(): (roundTripsMs: readonly number[]) => void {
  const words = findById("trips-text", HTMLParagraphElement);
  const plot = svgById("trips-plot");
  const line = document.createElementNS(plot.namespaceURI, "polyline");
  const end = document.createElementNS(plot.namespaceURI, "polyline");
  end.setAttribute("class", "newest");
  plot.append(line, end);

  return (trips) => {
    const points = trips.map((ms, i) => `${WIDTH - trips.length + i + 0.5},${heightOf(ms)}`);
    line.setAttribute("points", points.join(" "));
    // A line of no length with round ends is a dot that keeps its shape, whatever the plot's is.
    const last = points.at(-1);
    end.setAttribute("points", last === undefined ? "" : `${last} ${last}`);
    words.textContent = wordsOf(trips);
  };
}

export function heightOf(ms: number): number {
  const decade = Math.log10(Math.max(ms, LEAST_MS) / LEAST_MS);
  return HEIGHT - (Math.min(decade, DECADES) / DECADES) * HEIGHT;
}

export function wordsOf(trips: readonly number[]): string {
  const last = trips.at(-1);
  if (last === undefined) return "None yet: send a message, or wait for a ping.";
  const sorted = trips.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? last;
  return `Last ${duration(last)}, median ${duration(median)}, longest ${duration(sorted.at(-1) ?? last)}`;
}

function duration(ms: number): string {
  if (ms < 1) return "under 1 ms";
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

function svgById(id: string): SVGSVGElement {
  const element = document.getElementById(id);
  if (element instanceof SVGSVGElement) return element;
  throw new Error(`index.html has no svg with the id ${id}`);
}
