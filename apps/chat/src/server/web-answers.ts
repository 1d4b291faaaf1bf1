import type { Serving } from "./serve-chat.ts";

/** Answers what is not for the channel socket, where the runtime speaks the web's `Request` and `Response`. */
export function webAnswers({ page, endpoints }: Serving): (request: Request) => Response | Promise<Response> {
  return (request) => {
    const answer = endpoints.fetch(request) as Promise<Response> | undefined;
    if (answer !== undefined) return answer;
    const { pathname } = new URL(request.url);
    const { status, headers, body } = page(request.method, pathname, {
      accepts: request.headers.get("accept-encoding"),
      host: request.headers.get("host"),
    });
    return new Response(body, { status, headers });
  };
}
