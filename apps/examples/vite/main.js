import { makeChannelSocketClient } from "@sente-lite/browser";
import { greeting } from "./greeting.js";

const show = (id, text) => {
  document.getElementById(id).textContent = text;
};
show("greeting", greeting);
import.meta.hot?.accept("./greeting.js", (changed) => show("greeting", changed.greeting));

const client = makeChannelSocketClient("/chsk");
client.chRecv.on("notice/new", ({ data }) => show("notice", data.text));
show("sum", await client.requestFn(["math/add", [1, 2]]));
