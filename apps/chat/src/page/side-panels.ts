import type { ChatClient } from "../client/chat-client.ts";
import { talkIn, type View } from "../client/view.ts";
import type { Person, RoomSummary } from "../domain/events.ts";
import { readRoomName } from "../domain/readers.ts";
import { avatar, findById, make, paintAvatar, runtimeBadge } from "./elements.ts";
import { createKeyedList } from "./keyed-list.ts";

const ANSWER_SHOWN_MS = 5_000;

const alphabet = new Intl.Collator(undefined, { sensitivity: "base", numeric: true });

/** Shows the rooms, and lets one go to another. A room has an address, so that it can be linked to. */
export function createRoomList(): (view: View) => void {
  const form = findById("new-room", HTMLFormElement);
  const field = findById("new-room-name", HTMLInputElement);
  const error = findById("new-room-error", HTMLParagraphElement);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const room = readRoomName(field.value.replace(/^#/, "").trim().replace(/\s+/g, "-"));
    error.textContent = room === undefined ? "Letters, digits and hyphens." : "";
    if (room === undefined) return;
    form.reset();
    location.hash = room;
  });

  let current = "";
  const update = createKeyedList<RoomSummary & { readonly unread: number }>(findById("rooms", HTMLUListElement), {
    key: ({ name }) => name,
    create: ({ name }) => {
      const item = make("li");
      const link = make("a", "room-link");
      link.href = `#${encodeURIComponent(name)}`;
      link.append(
        make("span", "room-link-name", name),
        make("span", "room-link-unread"),
        make("span", "room-link-count"),
      );
      item.append(link);
      return item;
    },
    update: (item, { people, unread }) => {
      item
        .querySelector(".room-link-unread")
        ?.replaceChildren(
          ...(unread === 0 ? [] : [unread > 99 ? "99+" : String(unread), make("span", "sr", " unread")]),
        );
      const count = item.querySelector(".room-link-count");
      count?.replaceChildren(
        people === 0 ? "" : String(people),
        ...(people === 0 ? [] : [make("span", "sr", " people")]),
      );
    },
  });
  return (view) => {
    const listed = view.rooms.some(({ name }) => name === view.room);
    const rooms = listed ? view.rooms : [...view.rooms, { name: view.room, people: 0, said: 0 }];
    update(rooms.map((room) => ({ ...room, unread: view.unread.get(room.name) ?? 0 })));
    if (current === view.room && document.querySelector(".room-link[aria-current]") !== null) return;
    current = view.room;
    findById("room", HTMLHeadingElement).textContent = current;
    findById("text", HTMLTextAreaElement).placeholder = `Message #${current}`;
    for (const link of document.querySelectorAll(".room-link")) {
      const name = link.querySelector(".room-link-name")?.textContent;
      if (name === current) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  };
}

/** Shows who is in the room, and from which runtimes they speak. Whose name is clicked is asked whether they are there. */
export function createPeopleList(
  me: () => string | null,
  ask: (uid: string) => Promise<boolean>,
): (view: View) => void {
  const count = findById("people-count", HTMLSpanElement);
  const countInButton = findById("people-count-button", HTMLSpanElement);
  const update = createKeyedList<Person>(findById("people-list", HTMLUListElement), {
    key: ({ uid }) => uid,
    create: () => make("li"),
    update: (item, { uid, name, runtimes, node }) => {
      const label = make("span", "person");
      label.append(
        ...(uid === me()
          ? [make("bdi", "person-name", name), make("span", "person-you", "(you)")]
          : askable(name, () => ask(uid))),
      );
      const badges = make("span", "runtimes");
      badges.append(...runtimes.map(runtimeBadge));
      if (node !== undefined) label.append(make("span", "person-node", `at ${node}`));
      const disc = avatar(uid, name);
      disc.classList.add("small");
      item.replaceChildren(disc, label, badges);
    },
  });
  return (view) => {
    const { people } = talkIn(view, view.room);
    update([...people].sort((a, b) => alphabet.compare(a.name, b.name) || alphabet.compare(a.uid, b.uid)));
    count.textContent = people.length === 0 ? "" : String(people.length);
    countInButton.textContent = String(people.length);
  };
}

/** A name that is a button, and the place of the answer, which does not stay. */
function askable(name: string, ask: () => Promise<boolean>): readonly HTMLElement[] {
  const button = make("button", "person-ask");
  button.type = "button";
  button.title = "Are you there?";
  button.append(make("bdi", "person-name", name));
  const answer = make("span", "person-you");
  answer.role = "status";
  button.addEventListener("click", async () => {
    answer.textContent = "…";
    const text = (await ask()) ? "is there" : "is away";
    answer.textContent = text;
    setTimeout(() => answer.replaceChildren(), ANSWER_SHOWN_MS);
  });
  return [button, answer];
}

/** Shows our own name. */
export function showMe(chat: ChatClient | undefined, uid: string | null, name: string): void {
  const button = findById("me", HTMLButtonElement);
  button.hidden = chat === undefined;
  findById("me-name", HTMLSpanElement).textContent = name;
  paintAvatar(findById("me-avatar", HTMLSpanElement), uid ?? "", name);
}
