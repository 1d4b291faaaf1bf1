import { describe } from "vitest";
import { testsOf } from "../targets/known-failures.ts";
import type { ServerTarget } from "../targets/target.ts";
import { abuseTests } from "./server/abuse.ts";
import { backlogTests } from "./server/backlog.ts";
import { bareTests } from "./server/bare.ts";
import { clojureClientTests } from "./server/clojure-clients.ts";
import { closingTests } from "./server/closing.ts";
import { codecTests } from "./server/codecs.ts";
import { connectionTests } from "./server/connection.ts";
import { eventTests } from "./server/events.ts";
import { frameTests } from "./server/frames.ts";
import { livenessTests } from "./server/liveness.ts";
import { presenceTests } from "./server/presence.ts";
import { recordedFormTests } from "./server/recorded-forms.ts";
import { recordedUserTests } from "./server/recorded-users.ts";
import { recordingTests } from "./server/recordings.ts";
import { refusalTests } from "./server/refusal.ts";
import { sessionTests } from "./server/sessions.ts";

/**
 * What every server must do, asked by raw frames: none of this library's code is between the literal text here and the
 * server's own. Sections are PROTOCOL.md's.
 */
export function serverSuite(target: ServerTarget): void {
  describe(`server: ${target.name}`, () => {
    const { test, checkNames } = testsOf(target.knownFailures);
    const section = { target, test };
    connectionTests(section);
    refusalTests(section);
    eventTests(section);
    frameTests(section);
    recordingTests(section);
    recordedFormTests(section);
    recordedUserTests(section);
    bareTests(section);
    clojureClientTests(section);
    codecTests(section);
    sessionTests(section);
    livenessTests(section);
    closingTests(section);
    presenceTests(section);
    backlogTests(section);
    abuseTests(section);
    checkNames(target);
  });
}
