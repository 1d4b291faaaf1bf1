import type { IncomingMessage } from "node:http";
import { addressOf } from "@sente-lite/engine";
import type { HandshakeUrl } from "@sente-lite/protocol";

/** The address that a request asks for; undefined where its target is no path, or its Host no host, or given twice. */
export function urlOf(request: IncomingMessage, headers: Headers = headersOf(request)): HandshakeUrl | undefined {
  const { url = "/" } = request;
  return url.startsWith("/") ? addressOf({ url, headers }) : undefined;
}

/** False for a request that says no version of HTTP, or one in which it is not written so: Node lets them pass. */
export function isHttp1(request: IncomingMessage): boolean {
  return request.httpVersionMajor === 1;
}

export function headersOf(request: IncomingMessage): Headers {
  const headers = new Headers();
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    headers.append(String(request.rawHeaders[i]), String(request.rawHeaders[i + 1]));
  }
  return headers;
}
