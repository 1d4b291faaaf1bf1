// pnpm check:imports: what dependency-cruiser holds, and how it finds the sources.
import { readFileSync } from "node:fs";
import { rulesIn } from "./arrows.mjs";

export default {
  forbidden: rulesIn(readFileSync(new URL("../../CONTRIBUTING.md", import.meta.url), "utf8")),
  options: {
    // Types count too.
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(dist|node_modules|reports|\\.turbo)/" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@sente-lite/source", "import", "default", "types"],
    },
  },
};
