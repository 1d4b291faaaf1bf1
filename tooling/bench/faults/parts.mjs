import * as avalanche from "./parts/avalanche.mjs";
import * as cycles from "./parts/cycles.mjs";
import * as echo from "./parts/echo.mjs";
import * as halfopen from "./parts/halfopen.mjs";
import * as jitter from "./parts/jitter.mjs";
import * as slow from "./parts/slow.mjs";

/**
 * Each part has its size (`full`, `quick`), its processes (`server`, `load`, ...), `run(library, params)`, which resolves
 * to what was measured, and `checks(results)`: what must hold for ours.
 */
export const parts = { jitter, avalanche, slow, halfopen, cycles, echo };
