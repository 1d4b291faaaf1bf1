/** How the items of a list become elements. */
export interface Rows<T> {
  readonly key: (item: T) => string;
  readonly create: (item: T) => HTMLElement;
  readonly update: (element: HTMLElement, item: T) => void;
}

/**
 * Makes the children of `parent` show these items, in this order. An element stays for as long as its item does, so
 * that the focus, the selection and what a screen reader has announced stay too. Returns the function that updates.
 */
export function createKeyedList<T>(parent: HTMLElement, rows: Rows<T>): (items: readonly T[]) => void {
  let shown = new Map<string, { readonly element: HTMLElement; item: T }>();
  return (items) => {
    const next: typeof shown = new Map();
    for (const item of items) {
      const key = rows.key(item);
      const known = shown.get(key);
      const row = known ?? { element: rows.create(item), item };
      if (known === undefined || known.item !== item) rows.update(row.element, item);
      row.item = item;
      next.set(key, row);
    }
    for (const [key, { element }] of shown) if (!next.has(key)) element.remove();
    let place = parent.firstElementChild;
    for (const { element } of next.values()) {
      if (element === place) place = place.nextElementSibling;
      else parent.insertBefore(element, place);
    }
    shown = next;
  };
}
