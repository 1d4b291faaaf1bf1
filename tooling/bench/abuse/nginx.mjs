// nginx before a server, as docs/deployment.md has it where it says how much one client may send: that configuration itself, but
// for its ports, and without TLS.
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const page = fileURLToPath(new URL("../../../docs/deployment.md", import.meta.url));
/** Where Debian has it. */
const STREAM_MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so";

async function findPort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

function replaceOnce(text, search, replacement) {
  if (text.split(search).length !== 2) throw new Error(`docs/deployment.md has not one ${search}`);
  return text.replace(search, replacement);
}

/** Writes the configuration for a server; returns nginx's port and arguments, and what removes the configuration. */
export async function configure(serverPort) {
  const block = readFileSync(page, "utf8").match(/```nginx\n(stream \{[^`]+)```/)?.[1] ?? "";
  const [port, inner] = [await findPort(), await findPort()];
  const folder = mkdtempSync(join(tmpdir(), "nginx-"));
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder};`);
  const changes = [
    ["listen 443 ssl", `listen 127.0.0.1:${port}`],
    ["proxy_pass 127.0.0.1:8080", `proxy_pass 127.0.0.1:${inner}`],
    ["listen 127.0.0.1:8080", `listen 127.0.0.1:${inner}`],
    ["http://127.0.0.1:3000", `http://127.0.0.1:${serverPort}`],
    ["http {", `http { access_log off; ${temporary.join(" ")}`],
  ];
  const sites = changes.reduce((text, [search, replacement]) => replaceOnce(text, search, replacement), block);
  const head = `load_module ${STREAM_MODULE}; daemon off; pid ${folder}/pid; error_log stderr crit; events {}`;
  const file = join(folder, "nginx.conf");
  writeFileSync(file, `${head}\n${sites}`);
  return { port, args: ["-c", file], remove: () => rmSync(folder, { recursive: true }) };
}
