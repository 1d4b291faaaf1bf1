import { cpus, release, totalmem, type } from "node:os";

/** The machine that measures, in words. */
export const machine = [
  cpus()[0].model,
  `${cpus().length} cores`,
  `${Math.round(totalmem() / 2 ** 30)} GB`,
  `${type()} ${release().split("-")[0]}`,
  `Node ${process.versions.node}`,
].join(", ");
