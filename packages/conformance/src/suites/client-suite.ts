import { describe } from "vitest";
import { testsOf } from "../targets/known-failures.ts";
import type { ClientTarget } from "../targets/target.ts";
import { bareTests } from "./client/bare.ts";
import { clojureServerTests } from "./client/clojure-servers.ts";
import { connectingTests } from "./client/connecting.ts";
import { endingTests } from "./client/ending.ts";
import { frameTests } from "./client/frames.ts";
import { livenessTests } from "./client/liveness.ts";
import { queueTests } from "./client/queue.ts";
import { reconnectingTests } from "./client/reconnecting.ts";
import { recordedServerTests } from "./client/recorded-servers.ts";
import { requestTests } from "./client/requests.ts";
import { controlFor } from "./client/section.ts";
import { sessionTests } from "./client/sessions.ts";

/**
 * What every client must do, against a scripted server: the frames of the server's side are literal text here. The
 * suite runs where the client runs, and reaches its server by a control socket. Sections are PROTOCOL.md's.
 */
export function clientSuite(target: ClientTarget): void {
  describe(`client: ${target.name}`, () => {
    const { test, checkNames } = testsOf(target.knownFailures);
    const section = { target, test, control: controlFor(target) };
    connectingTests(section);
    frameTests(section);
    requestTests(section);
    bareTests(section);
    clojureServerTests(section);
    sessionTests(section);
    recordedServerTests(section);
    livenessTests(section);
    queueTests(section);
    reconnectingTests(section);
    endingTests(section);
    checkNames(target);
  });
}
