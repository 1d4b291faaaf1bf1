import type { TestProject } from "vitest/node";
import { StageServer } from "./stage-server.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Where the stage server listens: `ws://127.0.0.1:PORT`. */
    stageOrigin: string;
  }
}

/** Starts the stage server for a project's run; tests get its address by `inject("stageOrigin")`. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = new StageServer();
  project.provide("stageOrigin", await server.listen());
  return () => server.close();
}
