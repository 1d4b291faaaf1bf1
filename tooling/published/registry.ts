import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { run } from "../scripts/run.mjs";

/** A registry of npm on 127.0.0.1. */
export interface Registry {
  readonly url: string;
  /** The names of the packages that were downloaded from the other registry. */
  readonly downloaded: ReadonlySet<string>;
  close(): Promise<void>;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
}

/**
 * A registry that has the packages of these tarballs, each in one version, which is the latest. What it does not have
 * comes from the registry that npm is configured with.
 */
export async function startRegistry(tarballs: readonly string[]): Promise<Registry> {
  const upstream = (await run("npm", ["config", "get", "registry"], { quiet: true })).trim();
  const documents = new Map<string, string>();
  const contents = new Map<string, Buffer>();
  const downloaded = new Set<string>();

  async function proxy(path: string, accept: string | undefined, response: ServerResponse): Promise<void> {
    try {
      const answer = await fetch(new URL(path, upstream), accept === undefined ? {} : { headers: { accept } });
      const type = answer.headers.get("content-type") ?? "";
      // Tarballs too are fetched from here.
      const body = type.includes("json")
        ? (await answer.text()).replaceAll(upstream, url)
        : Buffer.from(await answer.arrayBuffer());
      response.writeHead(answer.status, { "content-type": type }).end(body);
    } catch (error) {
      response.writeHead(502).end(JSON.stringify({ error: String(error) }));
    }
  }

  const http = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "/").slice(1);
    const document = documents.get(path);
    const tarball = contents.get(path);
    if (document !== undefined) response.setHeader("content-type", "application/json").end(document);
    else if (tarball !== undefined) response.setHeader("content-type", "application/octet-stream").end(tarball);
    else if (request.method !== "GET" || path.startsWith("@sente-lite/")) response.writeHead(404).end("{}");
    else {
      if (path.includes("/-/")) downloaded.add(path.replace(/\/-\/.*/, ""));
      proxy(path, request.headers.accept, response);
    }
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/`;

  for (const tarball of tarballs) {
    const content = await readFile(tarball);
    const manifest: Manifest = JSON.parse(
      await run("tar", ["-xzOf", tarball, "package/package.json"], { quiet: true }),
    );
    const { name, version } = manifest;
    const path = `${name}/-/${name.replace(/.*\//, "")}-${version}.tgz`;
    contents.set(path, content);
    documents.set(name, JSON.stringify(packument(manifest, url + path, content)));
  }

  return {
    url,
    downloaded,
    async close() {
      http.closeAllConnections();
      http.close();
      await once(http, "close");
    },
  };
}

/** What a registry says of a package. */
function packument(manifest: Manifest, tarball: string, content: Buffer): object {
  const { name, version } = manifest;
  const dist = {
    tarball,
    shasum: createHash("sha1").update(content).digest("hex"),
    integrity: `sha512-${createHash("sha512").update(content).digest("base64")}`,
  };
  const id = `${name}@${version}`;
  return { _id: name, name, "dist-tags": { latest: version }, versions: { [version]: { ...manifest, _id: id, dist } } };
}
