import { describe } from "vitest";
import { testsOf } from "../targets/known-failures.ts";
import type { ServerTarget } from "../targets/target.ts";
import { abuseTests } from "./server/abuse.ts";
import { backlogTests } from "./server/backlog.ts";
import { bareTests } from "./server/bare.ts";
import { binaryCodecTests } from "./server/binary-codecs.ts";
import { clientRequestTests } from "./server/client-requests.ts";
import { clojureClientTests } from "./server/clojure-clients.ts";
import { closingTests } from "./server/closing.ts";
import { codecTests } from "./server/codecs.ts";
import { connectionTests } from "./server/connection.ts";
import { eventTests } from "./server/events.ts";
import { featureTests } from "./server/features.ts";
import { frameTests } from "./server/frames.ts";
import { hookTests } from "./server/hooks.ts";
import { interceptorTests } from "./server/interceptors.ts";
import { limitTests } from "./server/limits.ts";
import { livenessTests } from "./server/liveness.ts";
import { loginTests } from "./server/logins.ts";
import { presenceTests } from "./server/presence.ts";
import { recordedFormTests } from "./server/recorded-forms.ts";
import { recordedUserTests } from "./server/recorded-users.ts";
import { recordingTests } from "./server/recordings.ts";
import { refusalTests } from "./server/refusal.ts";
import { requestTests } from "./server/requests.ts";
import { roomTests } from "./server/rooms.ts";
import { shareServers } from "./server/section.ts";
import { sessionTests } from "./server/sessions.ts";
import { volatileTests } from "./server/volatile.ts";

/**
 * What every server must do, asked by raw frames: none of this library's code is between the literal text here and the
 * server's own. Sections are PROTOCOL.md's.
 */
export function serverSuite(target: ServerTarget): void {
  describe(`server: ${target.name}`, () => {
    const { test, checkNames } = testsOf(target.knownFailures);
    const section = { target, test, shared: shareServers(target) };
    connectionTests(section);
    featureTests(section);
    requestTests(section);
    refusalTests(section);
    hookTests(section);
    eventTests(section);
    interceptorTests(section);
    frameTests(section);
    recordingTests(section);
    recordedFormTests(section);
    recordedUserTests(section);
    bareTests(section);
    clojureClientTests(section);
    codecTests(section);
    binaryCodecTests(section);
    sessionTests(section);
    loginTests(section);
    roomTests(section);
    clientRequestTests(section);
    volatileTests(section);
    limitTests(section);
    livenessTests(section);
    closingTests(section);
    presenceTests(section);
    backlogTests(section);
    abuseTests(section);
    checkNames(target);
  });
}
