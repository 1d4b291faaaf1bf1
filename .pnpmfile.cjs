// What is published differs from package.json in the repository by what only the repository needs.

/** The export map without the condition that leads to sources, which are not in the package. */
function withoutSource(target) {
  if (typeof target !== "object" || target === null) return target;
  const kept = Object.entries(target).filter(([condition]) => condition !== "@sente-lite/source");
  return Object.fromEntries(kept.map(([condition, value]) => [condition, withoutSource(value)]));
}

/** Where a package comes from: `repository` of the root's package.json says it for all, `https://github.com/...`. */
function origin(name) {
  const { repository } = require("./package.json");
  if (repository === undefined) return {};
  return {
    homepage: `${repository}#readme`,
    bugs: `${repository}/issues`,
    repository: { type: "git", url: `git+${repository}.git`, directory: name.replace(/^.*\//, "packages/") },
  };
}

module.exports = {
  hooks: {
    /** Called by `pnpm pack` and `pnpm publish` with the manifest that goes into the tarball. */
    beforePacking(manifest) {
      const { devDependencies, scripts, senteLite, ...published } = manifest;
      return { ...published, ...origin(manifest.name), exports: withoutSource(manifest.exports) };
    },
  },
};
