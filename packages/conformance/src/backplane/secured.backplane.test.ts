import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { natsBackplane } from "@sente-lite/nats";
import { makeChannelSocketServer } from "@sente-lite/node";
import type { Backplane } from "@sente-lite/protocol/backplane";
import { redisBackplane } from "@sente-lite/redis";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { bytesOf, textOf } from "./heard.ts";
import { startNats } from "./nats-broker.ts";
import { startRedis } from "./redis-broker.ts";
import { type Broker, type DriverOptions, Stage } from "./stage.ts";

const PASSWORD = "hunter2-is-secret";
const USER = "chat-servers";

/** A certificate that vouches for itself, and its key, as files. For an IP address the transport of NATS checks "localhost". */
function makeCertificate(folder: string) {
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
      ...[
        "-subj",
        "/CN=127.0.0.1",
        "-addext",
        "subjectAltName=IP:127.0.0.1,DNS:localhost",
        "-keyout",
        key,
        "-out",
        cert,
      ],
    ],
    { stdio: "ignore" },
  );
  return { cert, key, ca: readFileSync(cert, "utf8") };
}

let folder = "";
let certificate: ReturnType<typeof makeCertificate>;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sente-lite-tls-"));
  certificate = makeCertificate(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Secured {
  readonly start: () => Promise<Broker>;
  readonly make: (options: DriverOptions & { readonly password: string; readonly ca: string }) => Backplane;
  /** What the broker calls it when somebody may not come in. */
  readonly denied: RegExp;
}

const brokers: Readonly<Record<string, Secured>> = {
  redis: {
    start: () => {
      const { cert, key } = certificate;
      const tls = ["--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", cert];
      const users = ["--user", USER, "on", `>${PASSWORD}`, "~*", "&*", "+@all", "--user", "default", "off"];
      return startRedis([...tls, "--tls-auth-clients", "no", ...users], { isTls: true });
    },
    make: ({ port, prefix, leaseMs = 10_000, password, ca }) =>
      redisBackplane({
        client: createClient({
          url: `rediss://${USER}:${password}@127.0.0.1:${port}`,
          socket: { tls: true, ...(ca !== "" && { ca }) },
        }),
        prefix,
        leaseMs,
      }),
    denied: /^Redis refused: WRONGPASS$/,
  },
  nats: {
    start: () => {
      const { cert, key } = certificate;
      const file = join(folder, "nats.conf");
      writeFileSync(
        file,
        `tls { cert_file: "${cert}", key_file: "${key}" }
authorization { user: "${USER}", password: "${PASSWORD}" }`,
      );
      return startNats(["-c", file]);
    },
    make: ({ port, prefix, leaseMs = 10_000, password, ca }) =>
      natsBackplane({
        servers: `127.0.0.1:${port}`,
        connection: { user: USER, pass: password, tls: ca === "" ? {} : { ca } },
        prefix,
        leaseMs,
      }),
    denied: /^NATS refused: AuthorizationError$/,
  },
};

describe.each(Object.entries(brokers))("backplane: %s behind TLS and a password", (_name, { start, make, denied }) => {
  let broker: Broker;
  beforeAll(async () => {
    broker = await start();
  });
  afterAll(() => broker.stop());

  const stageOf = (password = PASSWORD, ca = certificate.ca) => {
    const stage = new Stage({ broker, make: (options) => make({ ...options, password, ca }) });
    onTestFinished(() => stage.end());
    return stage;
  };

  it("carries posts, questions and what is put, also once the broker has started again", async () => {
    const { a, b } = await stageOf().joinAll("a", "b");
    await b.membership.subscribe("tea");
    a.membership.post("tea", bytesOf("1"));
    await b.heard.line("posted a tea 1");
    const restarted = broker.restart();
    a.membership.post("tea", bytesOf("2"));
    await restarted;
    await b.heard.line("posted a tea 2");
    expect(textOf(await b.membership.ask("a", bytesOf("there?"), 5_000))).toBe("there?");
    await a.membership.put("key", bytesOf("value"), 60_000);
    expect(await b.membership.take("key")).toEqual(bytesOf("value"));
    expect(b.heard.posts).toEqual(["1", "2"]);
  });

  it("rejects a wrong password by the broker's own word for it, with nothing of the password", async () => {
    const wrong = `not-${PASSWORD}`;
    const error = await stageOf(wrong)
      .join("a")
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "unreachable", message: expect.stringMatching(denied) });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(PASSWORD);
  });

  it("rejects a certificate that nobody vouches for", async () => {
    await expect(stageOf(PASSWORD, "").join("a")).rejects.toMatchObject({ code: "unreachable" });
  });

  it("lets nobody in at a server with a wrong password, reports why, and writes it nowhere", async () => {
    const written: unknown[] = [];
    for (const name of ["log", "info", "warn", "error"] as const) {
      const spy = vi.spyOn(console, name).mockImplementation((...given) => void written.push(given));
      onTestFinished(() => spy.mockRestore());
    }
    const server = makeChannelSocketServer({ backplane: stageOf(`not-${PASSWORD}`).makeBackplane() });
    onTestFinished(() => server.close());
    const reported = new Promise<unknown>((resolve) => server.errorChan.on(resolve));
    const { port } = await server.listen({ port: 0, hostname: "127.0.0.1" });
    const first = await reported;
    expect(first).toMatchObject({ error: { code: "unreachable" }, context: { source: "backplane" } });
    expect(await statusOfUpgrade(port)).toBe(503);
    expect(inspect([first, written], { depth: 9, showHidden: true })).not.toContain(PASSWORD);
  });
});

describe("backplane: redis, whose user may not do all that is needed", () => {
  it("is told that Redis refused, by its own word for it", async () => {
    const broker = await startRedis(["--user", USER, "on", `>${PASSWORD}`, "~*", "&*", "+@all", "-set"]);
    const stage = new Stage({
      broker,
      make: ({ port, prefix }) => redisBackplane({ url: `redis://${USER}:${PASSWORD}@127.0.0.1:${port}`, prefix }),
    });
    onTestFinished(async () => {
      await stage.end();
      await broker.stop();
    });
    const { a } = await stage.joinAll("a");
    await expect(a.membership.put("key", bytesOf("value"), 1_000)).rejects.toMatchObject({
      code: "unreachable",
      message: "Redis refused: NOPERM",
    });
  });
});

/** What a server answers to a client that wants to connect. */
function statusOfUpgrade(port: number): Promise<number | undefined> {
  const headers = {
    connection: "upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
  };
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path: "/chsk?client-id=a", headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on("error", reject);
  });
}
