import { describe } from "vitest";
import { testsOf } from "../targets/known-failures.ts";
import type { ClientTarget } from "../targets/target.ts";
import { askedTests } from "./client/asked.ts";
import { bareTests } from "./client/bare.ts";
import { clojureServerTests } from "./client/clojure-servers.ts";
import { connectingTests } from "./client/connecting.ts";
import { endingTests } from "./client/ending.ts";
import { frameTests } from "./client/frames.ts";
import { inboundTests } from "./client/inbound.ts";
import { interceptorTests } from "./client/interceptors.ts";
import { livenessTests } from "./client/liveness.ts";
import { loginTests } from "./client/logins.ts";
import { optionTests } from "./client/options.ts";
import { queueTests } from "./client/queue.ts";
import { reconnectingTests } from "./client/reconnecting.ts";
import { recordedServerTests } from "./client/recorded-servers.ts";
import { requestTests } from "./client/requests.ts";
import { roomTests } from "./client/rooms.ts";
import { controlFor } from "./client/section.ts";
import { sessionTests } from "./client/sessions.ts";
import { volatileTests } from "./client/volatile.ts";

/**
 * What every client must do, against a scripted server: the frames of the server's side are literal text here. The
 * suite runs where the client runs, and reaches its server by a control socket. Sections are PROTOCOL.md's.
 */
export function clientSuite(target: ClientTarget): void {
  describe(`client: ${target.name}`, () => {
    const { test, checkNames } = testsOf(target.knownFailures);
    const section = { target, test, control: controlFor(target) };
    connectingTests(section);
    optionTests(section);
    frameTests(section);
    requestTests(section);
    bareTests(section);
    clojureServerTests(section);
    sessionTests(section);
    roomTests(section);
    askedTests(section);
    volatileTests(section);
    loginTests(section);
    recordedServerTests(section);
    livenessTests(section);
    queueTests(section);
    interceptorTests(section);
    inboundTests(section);
    reconnectingTests(section);
    endingTests(section);
    checkNames(target);
  });
}
