// A route that pushes: what is posted reaches every client.
export async function POST(request) {
  return Response.json(globalThis.channel.broadcastFn(["notice/new", { text: await request.text() }]));
}
