import { checkFunction, checkOptions } from "@sente-lite/protocol/options";
import type { Health } from "./health.ts";

/** The runtime's `Response`, where its types are known. */
export type EndpointResponse = typeof globalThis extends { Response: { new (...args: never[]): infer R } }
  ? R
  : unknown;

/** Options of `createEndpoints`. */
export interface EndpointsOptions {
  readonly health: () => Health | Promise<Health>;
  /** True while the process may be sent requests. */
  readonly isReady: () => boolean;
  /** The text for Prometheus, as `prometheusText` makes it. Without it `/metrics` answers 404. */
  readonly metricsText?: () => Promise<string>;
  /** Hears what these functions threw; the answer says nothing of it. Default: nobody hears it. */
  readonly onError?: (error: unknown) => void;
}

/** The endpoints, for servers of either form. They answer no other path, so that the application's own routes go on. */
export interface Endpoints {
  /** For Bun, Deno, and whatever speaks the web's `Request`: undefined where the path is another one. */
  readonly fetch: (request: { readonly method: string; readonly url: string }) => Promise<EndpointResponse> | undefined;
  /** For Node's http: false where the path is another one. */
  readonly node: (
    request: { readonly method?: string | undefined; readonly url?: string | undefined },
    response: {
      writeHead(status: number, headers: Record<string, string>): unknown;
      end(body: string): unknown;
    },
  ) => boolean;
}

const kinds = { health: "function", isReady: "function", metricsText: "function", onError: "function" };

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/**
 * What orchestrators and Prometheus ask for: `/healthz` says 200 while healthy or degraded, else 503, as JSON
 * `{ status, reasons }`; `/readyz` says 200 while ready, else 503; `/metrics` the text for Prometheus. GET and HEAD only,
 * else 405. Where one of the functions throws: 503, and 500 of `/metrics`. They ask for no password: serve them where
 * only those in charge can reach them. Throws `UsageError` for options that cannot be meant.
 */
export function createEndpoints(options: EndpointsOptions): Endpoints {
  checkOptions("createEndpoints", options, kinds);
  checkFunction("createEndpoints({ health })", options?.health);
  checkFunction("createEndpoints({ isReady })", options.isReady);
  const { health, isReady, metricsText, onError } = options;

  async function healthz(): Promise<Answer> {
    const { status, reasons } = await health();
    return json(status === "unhealthy" ? 503 : 200, { status, reasons });
  }

  async function metrics(): Promise<Answer> {
    if (metricsText === undefined) return text(404, "no metrics");
    return answer(200, "text/plain; version=0.0.4; charset=utf-8", await metricsText());
  }

  async function readyz(): Promise<Answer> {
    return isReady() ? text(200, "ready") : text(503, "not ready");
  }

  const routes = new Map<string, { readonly run: () => Promise<Answer>; readonly failed: Answer }>([
    ["/healthz", { run: healthz, failed: json(503, { status: "unhealthy", reasons: ["The health check failed."] }) }],
    ["/readyz", { run: readyz, failed: text(503, "not ready") }],
    ["/metrics", { run: metrics, failed: text(500, "the metrics could not be read") }],
  ]);

  function respond(method: string, url: string): Promise<Answer> | undefined {
    const route = routes.get(pathOf(url));
    if (route === undefined) return undefined;
    if (method !== "GET" && method !== "HEAD") return Promise.resolve(notAllowed);
    return route
      .run()
      .catch((error: unknown) => {
        try {
          onError?.(error);
        } catch {
          // Who asked gets an answer also where `onError` throws.
        }
        return route.failed;
      })
      .then((found) => (method === "HEAD" ? { ...found, body: "" } : found));
  }

  return {
    fetch: ({ method, url }) =>
      respond(method, url)?.then(({ status, headers, body }) => {
        const { Response } = globalThis as unknown as Web;
        return new Response(body === "" ? null : body, { status, headers });
      }),
    node: ({ method = "GET", url = "/" }, response) => {
      const responded = respond(method, url);
      responded?.then(({ status, headers, body }) => {
        response.writeHead(status, headers);
        response.end(body);
      });
      return responded !== undefined;
    },
  };
}

interface Web {
  readonly Response: new (
    body: string | null,
    init: { readonly status: number; readonly headers: Record<string, string> },
  ) => EndpointResponse;
}

/** The path of a URL in either form: `/healthz?x`, as Node has it, or `http://host/healthz?x`. */
function pathOf(url: string): string {
  return url.replace(/^[a-z]+:\/\/[^/?#]*/i, "").replace(/[?#].*$/s, "");
}

function answer(status: number, type: string, body: string): Answer {
  return { status, headers: { "content-type": type, "cache-control": "no-store" }, body };
}

function json(status: number, value: unknown): Answer {
  return answer(status, "application/json", JSON.stringify(value));
}

function text(status: number, body: string): Answer {
  return answer(status, "text/plain; charset=utf-8", body);
}

const refused = text(405, "GET and HEAD only");
const notAllowed: Answer = { ...refused, headers: { ...refused.headers, allow: "GET, HEAD" } };
