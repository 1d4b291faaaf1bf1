// What is published differs from package.json in the repository by what only the repository needs.

/** The export map without the condition that leads to sources, which are not in the package. */
function withoutSource(target) {
  if (typeof target !== "object" || target === null) return target;
  const kept = Object.entries(target).filter(([condition]) => condition !== "@sente-lite/source");
  return Object.fromEntries(kept.map(([condition, value]) => [condition, withoutSource(value)]));
}

module.exports = {
  hooks: {
    /** Called by `pnpm pack` and `pnpm publish` with the manifest that goes into the tarball. */
    beforePacking(manifest) {
      const { devDependencies, scripts, senteLite, ...published } = manifest;
      return { ...published, exports: withoutSource(manifest.exports) };
    },
  },
};
