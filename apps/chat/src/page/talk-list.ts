import { type Entry, keyOf, talkIn, type View } from "../client/view.ts";
import { avatar, findById, icon, make, runtimeBadge } from "./elements.ts";
import { createKeyedList } from "./keyed-list.ts";
import { fillSaid } from "./said-text.ts";

/** Messages of one author that follow each other within this time stand under one name. */
const GROUP_MS = 5 * 60_000;
/** So near to the end, one reads along, and the list follows. */
const NEAR_PX = 80;

interface Row {
  readonly entry: Entry;
  /** Stands under a name of its own. */
  readonly first: boolean;
  /** Is the first one that nobody has read. */
  readonly divides: boolean;
}

const clock = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });
const calendar = new Intl.DateTimeFormat([], { dateStyle: "full", timeStyle: "short" });

/**
 * Shows the messages of the room that we are in, with a line above the one that `divider` names. Returns the function
 * that updates.
 */
export function createTalkList(retry: (entry: Entry) => void, divider: () => string | undefined): (view: View) => void {
  const log = findById("log", HTMLDivElement);
  const list = findById("entries", HTMLOListElement);
  const empty = findById("empty", HTMLDivElement);
  const jump = findById("jump", HTMLButtonElement);
  let room: string | undefined;
  let last: Entry | undefined;
  let rows: readonly Row[] = [];
  let update = (_rows: readonly Row[]) => {};
  let isNew = false;

  const isNearEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_PX;
  const scrollToEnd = () => {
    log.scrollTop = log.scrollHeight;
    wasNearEnd = true;
    jump.hidden = true;
  };
  let wasNearEnd = true;
  log.addEventListener("scroll", () => {
    wasNearEnd = isNearEnd();
    if (wasNearEnd) jump.hidden = true;
  });
  jump.addEventListener("click", scrollToEnd);
  // The keyboard of a phone, a longer draft, or a panel takes room from the list: what was read last stays in sight.
  new ResizeObserver(() => wasNearEnd && scrollToEnd()).observe(log);

  return (view) => {
    const talk = talkIn(view, view.room);
    const entered = room !== view.room;
    if (entered) {
      room = view.room;
      rows = [];
      list.replaceChildren();
      update = createKeyedList(list, {
        key: ({ entry }) => keyOf(entry),
        create: (row) => create(row, isNew),
        update: (element, row) => fill(element, row, retry),
      });
      log.setAttribute("aria-label", `Messages in ${room}`);
    }
    // What was said before is not announced.
    log.setAttribute("aria-live", talk.loaded && !entered ? "polite" : "off");
    empty.hidden = !talk.loaded || talk.entries.length > 0;
    const newest = talk.entries.at(-1);
    const follows = entered || isNearEnd() || (newest?.own === true && newest !== last && newest.status === "sending");
    // What was said before is simply there; what comes now arrives.
    isNew = !entered && talk.loaded && rows.length > 0;
    rows = rowsOf(talk.entries, rows, divider());
    update(rows);
    if (follows) scrollToEnd();
    else if (newest !== undefined && last !== undefined && keyOf(newest) !== keyOf(last)) jump.hidden = false;
    last = newest;
  };
}

/** The rows of these entries; one that is as it was is the same object, and so is not drawn again. */
function rowsOf(entries: readonly Entry[], previous: readonly Row[], divider: string | undefined): readonly Row[] {
  const known = new Map(previous.map((row) => [row.entry, row]));
  return entries.map((entry, i) => {
    const before = entries[i - 1];
    const divides = divider !== undefined && keyOf(entry) === divider;
    const first =
      divides ||
      before === undefined ||
      before.uid !== entry.uid ||
      entry.own !== before.own ||
      before.name !== entry.name ||
      before.runtime !== entry.runtime ||
      entry.at - before.at > GROUP_MS;
    const row = known.get(entry);
    return row?.first === first && row.divides === divides ? row : { entry, first, divides };
  });
}

function create({ entry }: Row, isNew: boolean): HTMLElement {
  const item = make("li", "entry");
  const said = make("div", "said");
  const line = make("div", "line");
  const bubble = make("p", "bubble");
  fillSaid(bubble, entry.text);
  bubble.dir = "auto";
  line.append(bubble, make("p", "status"));
  said.append(make("p", "meta"), line);
  item.append(avatar(entry.uid, entry.name), said);
  item.toggleAttribute("data-new", isNew);
  return item;
}

function fill(item: HTMLElement, { entry, first, divides }: Row, retry: (entry: Entry) => void): void {
  if (divides) item.prepend(make("p", "divider", "New"));
  else item.querySelector(".divider")?.remove();
  item.toggleAttribute("data-own", entry.own);
  item.toggleAttribute("data-first", first);
  item.dataset.status = entry.status;
  const meta = item.querySelector(".meta");
  if (meta !== null) {
    meta.classList.toggle("sr", !first);
    const author = make("span", entry.own ? "sr" : "author", entry.own ? "You" : entry.name);
    author.dir = "auto";
    meta.replaceChildren(author, ...(entry.own ? [] : [runtimeBadge(entry.runtime)]), time(entry.at));
  }
  item.querySelector(".status")?.replaceChildren(...(entry.own ? statusOf(entry, retry) : []));
}

function time(at: number): HTMLTimeElement {
  const element = make("time", "", clock.format(at));
  element.dateTime = new Date(at).toISOString();
  element.title = calendar.format(at);
  return element;
}

function statusOf(entry: Entry, retry: (entry: Entry) => void): Element[] {
  switch (entry.status) {
    case "delivered":
      return [icon("tick"), make("span", "sr", "Delivered")];
    case "sending":
      return [icon("clock"), make("span", "", "Sending")];
    case "failed": {
      const button = make("button", "retry", "Retry");
      button.type = "button";
      button.addEventListener("click", () => retry(entry));
      return [icon("alert"), make("span", "", failure(entry.reason)), button];
    }
  }
}

function failure(reason: string | undefined): string {
  return reason === "bad-text" ? "Refused by the server" : "Not delivered";
}
