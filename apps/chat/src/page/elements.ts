/** The element of index.html with that id, which is of that class. */
export function findById<E extends HTMLElement>(id: string, type: new () => E): E {
  const element = document.getElementById(id);
  if (element instanceof type) return element;
  throw new Error(`index.html has no ${type.name} with the id ${id}`);
}

/** An element with a class. Whatever somebody wrote goes into `text`, and so is never markup. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  text = "",
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className !== "") element.className = className;
  if (text !== "") element.textContent = text;
  return element;
}

/** One of the symbols of index.html. */
export function icon(name: "tick" | "clock" | "alert"): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#${name}`);
  svg.append(use);
  return svg;
}

/** A disc with the first letters of a name, in the colour of the user. */
export function avatar(uid: string, name: string): HTMLElement {
  const element = make("span", "avatar");
  element.setAttribute("aria-hidden", "true");
  paintAvatar(element, uid, name);
  return element;
}

export function paintAvatar(element: HTMLElement, uid: string, name: string): void {
  let hash = 7;
  for (const char of uid) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  element.dataset.tone = String(hash % 8);
  const [first = "", second = ""] = name.split(" ");
  element.textContent = (takeFirstCharacter(first) + takeFirstCharacter(second)).toUpperCase();
}

/** Whole, where it is made of several code points. */
function takeFirstCharacter(word: string): string {
  const [first] = new Intl.Segmenter().segment(word);
  return first?.segment ?? "";
}

/** A pill with the name of a runtime. */
export function runtimeBadge(runtime: string): HTMLElement {
  const badge = make("span", "runtime", runtime);
  badge.dataset.runtime = runtime;
  return badge;
}
