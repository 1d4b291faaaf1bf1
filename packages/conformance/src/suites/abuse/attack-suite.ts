import { describe } from "vitest";
import { testsOf } from "../../targets/known-failures.ts";
import { everyCodec, serverFor } from "../server/section.ts";
import { bombAttacks } from "./bombs.ts";
import { controlAttacks } from "./control.ts";
import { floodAttacks } from "./floods.ts";
import { frameAttacks } from "./frames.ts";
import { ipv6Attacks } from "./ipv6.ts";
import { lifeAttacks } from "./lives.ts";
import { pageAttacks } from "./pages.ts";
import type { AttackSection } from "./section.ts";
import { slowAttacks } from "./slow.ts";
import { upgradeAttacks } from "./upgrades.ts";

const allowedOrigins = ["http://a.example", "https://b.example:8443"];

/** What every server must withstand: raw sockets, and no client of ours. */
export function attackSuite(target: AttackSection["target"]): void {
  describe(`server: ${target.name}`, () => {
    const { test, checkNames } = testsOf({});
    const open = serverFor({ target }, { ...everyCodec, options: { rooms: true } });
    const guarded = serverFor({ target }, { ...everyCodec, options: { csrfToken: "s3cret", allowedOrigins } });
    const section: AttackSection = { target, test, open, guarded };
    pageAttacks(section);
    upgradeAttacks(section);
    frameAttacks(section);
    controlAttacks(section);
    lifeAttacks(section);
    slowAttacks(section);
    floodAttacks(section);
    bombAttacks(section);
    ipv6Attacks(section);
    checkNames();
  });
}
