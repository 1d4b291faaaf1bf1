// Two kinds of plots, as SVG by hand. Each is a card of its own colours, so that it reads on a light page and on a dark
// one; it is as wide as a phone, with letters that are still 12 px there.

const WIDTH = 380;
const PAD = 14;
const TEXT = 13;
const INNER = WIDTH - 2 * PAD;
const colours = {
  card: "#ffffff",
  edge: "#d0d7de",
  ink: "#1f2328",
  quiet: "#59636e",
  ours: "#0969da",
  others: "#8c959f",
};

const escapeXml = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const round = (value) => Number(value.toFixed(1));

function text(x, y, content, { anchor = "start", fill = colours.ink, weight = 400 } = {}) {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="${fill}" font-weight="${weight}">${escapeXml(content)}</text>`;
}

const rect = (x, y, width, height, fill) =>
  `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" fill="${fill}"/>`;

/** `label` says in words what the plot shows, for whoever cannot see it. */
function card(label, height, body) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH * 1.4}" role="img" aria-label="${escapeXml(label).replaceAll('"', "&quot;")}" font-family="system-ui, sans-serif" font-size="${TEXT}">
<rect x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8" fill="${colours.card}" stroke="${colours.edge}"/>
${body.join("\n")}
</svg>
`;
}

/** Bars that lie: `rows` are `{ title, value, note, isOurs }`; a note stands behind its bar's title. */
export function bars(title, rows) {
  const highest = Math.max(1, ...rows.map(({ value }) => value));
  const step = 44;
  const body = [text(PAD, PAD + TEXT, title, { weight: 600 })];
  rows.forEach(({ title: name, value, note, isOurs }, index) => {
    const y = PAD + 36 + index * step;
    body.push(text(PAD, y + TEXT, name, { weight: isOurs ? 600 : 400 }));
    body.push(text(WIDTH - PAD, y + TEXT, note, { anchor: "end" }));
    // A sliver stands for nothing, so that the row is seen to be there.
    body.push(rect(PAD, y + 19, Math.max(1.5, (INNER * value) / highest), 12, isOurs ? colours.ours : colours.others));
  });
  const label = `${title}: ${rows.map(({ title: name, note }) => `${name} ${note}`).join("; ")}`;
  return card(label, PAD + 36 + rows.length * step + 4, body);
}

/**
 * Histograms below each other on one axis of time: `panels` are `{ title, note, bins, isOurs }`, each with its own height;
 * `marks` are `{ atMs, label }`.
 */
export function histograms(title, panels, { binMs, untilMs, marks, axis }) {
  const top = PAD + 30;
  const plotHeight = 64;
  const step = plotHeight + 36;
  const x = (ms) => PAD + (INNER * ms) / untilMs;
  const body = [text(PAD, PAD + TEXT, title, { weight: 600 })];
  panels.forEach(({ title: name, note, bins, isOurs }, index) => {
    const y = top + index * step;
    const base = y + 22 + plotHeight;
    const highest = Math.max(1, ...bins);
    body.push(text(PAD, y + TEXT, name, { weight: isOurs ? 600 : 400 }));
    body.push(text(WIDTH - PAD, y + TEXT, note, { anchor: "end", fill: colours.quiet }));
    body.push(
      `<path d="${silhouette(bins, highest, { x, binMs, untilMs, base, plotHeight })}" fill="${isOurs ? colours.ours : colours.others}"/>`,
    );
    body.push(rect(PAD, base, INNER, 1, colours.edge));
    for (const { atMs } of marks) body.push(rect(x(atMs), y + 20, 1, plotHeight + 2, colours.ink));
  });
  const foot = top + panels.length * step;
  const stepMs = untilMs > 20_000 ? 10_000 : 2_000;
  for (let ms = 0; ms <= untilMs; ms += stepMs) {
    const anchor = ms === 0 ? "start" : ms + stepMs > untilMs ? "end" : "middle";
    body.push(text(x(ms), foot + 4, `${ms / 1_000}`, { anchor, fill: colours.quiet }));
  }
  body.push(text(PAD, foot + 24, axis, { fill: colours.quiet }));
  marks.forEach(({ label }, index) => {
    body.push(text(PAD, foot + 44 + index * 18, `| ${label}`));
  });
  const label = `${title}. ${panels.map(({ title: name, note }) => `${name}: ${note}`).join("; ")}`;
  return card(label, foot + 44 + marks.length * 18, body);
}

/** One path for all bins: hundreds of rectangles would be a big file. */
function silhouette(bins, highest, { x, binMs, untilMs, base, plotHeight }) {
  const shown = bins.slice(0, Math.ceil(untilMs / binMs));
  const steps = shown.map((value, bin) => {
    const left = round(x(bin * binMs));
    const right = round(x(Math.min(untilMs, (bin + 1) * binMs)));
    const height = round(base - (plotHeight * value) / highest);
    return `L${left} ${height}H${right}`;
  });
  const end = round(x(Math.min(untilMs, shown.length * binMs)));
  return `M${round(x(0))} ${base}${steps.join("")}L${end} ${base}Z`;
}
