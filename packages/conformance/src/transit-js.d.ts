// transit-js has no types of its own. This is what tests use of it, beyond what the adapter does.
declare module "transit-js" {
  type Adapted = import("@sente-lite/protocol/transit-js").TransitJs;
  interface Library extends Adapted {
    list(items: unknown[]): unknown;
    quoted(value: unknown): unknown;
    makeWriteHandler(functions: object): import("@sente-lite/protocol/transit-js").TransitWriteHandler;
    writer(type: "json" | "json-verbose"): { write(value: unknown): string };
    reader(type: "json"): { read(text: string): unknown };
    equals(a: unknown, b: unknown): boolean;
  }
  const transit: Library;
  // biome-ignore lint/style/noDefaultExport: as CommonJS is imported.
  export default transit;
}
