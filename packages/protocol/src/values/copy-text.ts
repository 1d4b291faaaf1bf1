/**
 * Copies a text into memory of its own. In V8 and JavaScriptCore a slice keeps the whole text alive that it was cut from.
 * Both write a joined text anew, and a slice of that keeps no more alive than that.
 */
export function copyText(text: string): string {
  return [" ", text].join("").slice(1);
}
