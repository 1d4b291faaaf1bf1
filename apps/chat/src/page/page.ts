import { makeChannelSocketClient } from "@sente-lite/browser";
import { transitJson } from "@sente-lite/browser/transit-json";
import { createChatClient } from "../client/chat-client.ts";
import { readRoomName } from "../domain/readers.ts";
import { createComposer } from "./composer.ts";
import { showConnection } from "./connection-badge.ts";
import { findById } from "./elements.ts";
import { loadIdentity, randomId, saveName } from "./identity.ts";
import { loadRoom, saveRoom } from "./kept-room.ts";
import { createLibraryPanel } from "./library/library-panel.ts";
import { createNoticeLine } from "./notice-line.ts";
import { createReadMarks } from "./read-marks.ts";
import { createPeopleList, createRoomList, showMe } from "./side-panels.ts";
import { createStall } from "./stall.ts";
import { createTalkList } from "./talk-list.ts";
import { createTypingLine } from "./typing-line.ts";
import { askName } from "./welcome.ts";
import "./styles/page.css";

const TITLE = "sente-lite chat";
const DEFAULT_ROOM = "lobby";

if (loadIdentity().name === "") {
  const name = await askName("");
  // Another tab may have asked meanwhile: then the key is that one's.
  if (name !== undefined) saveName(name);
}

// For the panel alone: an application has no need of it.
const stall = createStall(WebSocket);
globalThis.WebSocket = stall.Socket;

// All that it takes to be connected, and to stay it. The parameters are asked for at each attempt.
const client = makeChannelSocketClient("/chsk", {
  params: () => ({ ...loadIdentity(), runtime: "browser" }),
});
const chat = createChatClient({
  client,
  room: roomInAddress(),
  runtime: "browser",
  name: () => loadIdentity().name,
  newId: randomId,
  now: Date.now,
  kept: loadRoom(),
  isThere: () => !document.hidden,
});

createLibraryPanel(client, transitJson.name, stall, () => chat.view().people.get(client.state.get().uid ?? ""));

const composer = createComposer(chat.send, chat.noteTyping);
const marks = createReadMarks(Date.now);
const parts = [
  createRoomList(),
  createTalkList(chat.retry, marks.divider),
  createTypingLine(),
  createPeopleList(() => client.state.get().uid, chat.ask),
  createNoticeLine(),
];

// Several changes of one turn are shown together.
let isDue = false;
const show = () => {
  if (isDue) return;
  isDue = true;
  queueMicrotask(() => {
    isDue = false;
    const view = chat.view();
    marks.see(view, !document.hidden);
    const unread = marks.countUnread(view) + [...view.unread].reduce((sum, [, count]) => sum + count, 0);
    for (const part of parts) part(view);
    showMe(chat, client.state.get().uid, loadIdentity().name);
    document.title = `${unread > 0 ? `(${unread}) ` : ""}#${view.room} · ${TITLE}`;
  });
};

chat.subscribe(show);
client.state.subscribe(show);
showConnection(client);
show();

document.addEventListener("visibilitychange", show);
document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const rooms = findById("rooms-panel", HTMLElement);
  const field = findById("new-room-name", HTMLInputElement);
  // In a narrow window they come in from the side.
  if (!field.checkVisibility()) rooms.showPopover();
  field.focus();
});
addEventListener("hashchange", async () => {
  const room = roomInAddress();
  const rooms = findById("rooms-panel", HTMLElement);
  if (rooms.matches(":popover-open")) rooms.hidePopover();
  if (room === chat.view().room) return;
  const entering = chat.enter(room);
  composer.focus();
  const refusal = await entering;
  findById("new-room-error", HTMLParagraphElement).textContent =
    refusal === undefined
      ? ""
      : refusal === "rooms-full"
        ? "There are too many rooms."
        : "That room cannot be entered.";
  if (refusal !== undefined) location.replace(`#${encodeURIComponent(chat.view().room)}`);
});
// Another tab changed the name.
addEventListener("storage", () => {
  chat.rename();
  show();
});
// A reload goes on from here.
addEventListener("pagehide", () => saveRoom(chat.keep()));
findById("me", HTMLButtonElement).addEventListener("click", async () => {
  const name = await askName(loadIdentity().name);
  if (name !== undefined) {
    saveName(name);
    chat.rename();
    show();
  }
});
findById("terminal-url", HTMLSpanElement).textContent =
  `--url ${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/chsk`;
composer.focus();

function roomInAddress(): string {
  try {
    return readRoomName(decodeURIComponent(location.hash.slice(1))) ?? DEFAULT_ROOM;
  } catch {
    return DEFAULT_ROOM;
  }
}
