// What is compared. Each module has `serve(options)`, a node, and `connect(options)`, a client of any node.

export const libraries = {
  ours: { title: "sente-lite", module: "ours" },
  "socket.io-streams": {
    title: "Socket.IO, redis-streams-adapter",
    module: "socket-io",
    options: { adapter: "streams", isRecovering: true },
  },
  "socket.io-sharded": {
    title: "Socket.IO, sharded Redis adapter",
    module: "socket-io",
    options: { adapter: "sharded" },
  },
};

export const titleOf = (name) => libraries[name].title;

/** Loads that library only: no process has more in it than it measures. */
export async function libraryOf(name) {
  const { module, options } = libraries[name];
  const { serve, connect } = await import(`./libraries/${module}.mjs`);
  return { connect, serve: (more) => serve({ ...options, ...more }) };
}
