// One process of the bench: node child.mjs ROLE LIBRARY PARAMS. See processes.mjs.
import { libraryOf } from "./libraries.mjs";

const [role, name, params] = process.argv.slice(2);
process.on("disconnect", () => process.exit());

const { play } = await import(`./${role}.mjs`);
const tell = (type, data) => process.send({ type, data });
const { ready, ...handlers } = await play(await libraryOf(name), JSON.parse(params), tell);

process.on("message", async ({ id, type, data }) => {
  try {
    process.send({ id, answer: await handlers[type](data) });
  } catch (error) {
    process.send({ id, error: error.stack });
  }
});
process.send({ id: 0, answer: ready });
