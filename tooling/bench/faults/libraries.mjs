// What is compared. Each module has `serve(options)` and `connect(options)`, and `connectSlow(options)`, whose client
// reads nothing once it is connected.

export const libraries = {
  ours: { title: "sente-lite", module: "ours" },
  "ours-drop-oldest": { title: "sente-lite, drop-oldest", module: "ours", options: { backpressure: "drop-oldest" } },
  "socket.io": { title: "Socket.IO", module: "socket-io" },
  "socket.io-recovery": {
    title: "Socket.IO, recovery",
    module: "socket-io",
    // As its documentation has it: two minutes, like our sessions.
    options: { connectionStateRecovery: {} },
  },
  ws: { title: "ws, own loop", module: "ws" },
};

/** The four that take part in everything. */
export const everyLibrary = ["ours", "socket.io", "socket.io-recovery", "ws"];

export const titleOf = (name) => libraries[name].title;

/** Loads that library only: no process has more in it than it measures. */
export async function libraryOf(name) {
  const { module, options } = libraries[name];
  const { serve, ...rest } = await import(`./libraries/${module}.mjs`);
  return { ...rest, serve: (more) => serve({ ...options, ...more }) };
}
