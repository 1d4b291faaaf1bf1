// One process of the bench: node child.mjs ROLE PART LIBRARY PARAMS. See processes.mjs.
import { libraryOf } from "./libraries.mjs";

const [role, part, name, params] = process.argv.slice(2);
process.on("disconnect", () => process.exit());

const { [role]: play } = await import(`./parts/${part}.mjs`);
const { ready, ...handlers } = await play(await libraryOf(name), JSON.parse(params));

process.on("message", async ({ id, type, data }) => {
  try {
    process.send({ id, answer: await handlers[type](data) });
  } catch (error) {
    process.send({ id, error: error.stack });
  }
});
process.send({ id: 0, answer: ready });
