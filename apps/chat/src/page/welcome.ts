import { readName } from "../domain/readers.ts";
import { findById } from "./elements.ts";

/** Asks for a name; resolves to undefined where one may keep that which one has, and does. */
export function askName(current: string): Promise<string | undefined> {
  const dialog = findById("welcome", HTMLDialogElement);
  const form = findById("welcome-form", HTMLFormElement);
  const field = findById("name", HTMLInputElement);
  const error = findById("name-error", HTMLParagraphElement);
  const cancel = findById("welcome-cancel", HTMLButtonElement);
  const first = current === "";
  cancel.hidden = first;
  findById("welcome-title", HTMLHeadingElement).textContent = first ? "What should we call you?" : "Change your name";
  findById("welcome-text", HTMLParagraphElement).hidden = !first;
  findById("welcome-submit", HTMLSpanElement).textContent = first ? "Join" : "Save";
  field.value = current;
  error.textContent = "";

  return new Promise((resolve) => {
    const ended = new AbortController();
    const { signal } = ended;
    const end = (name: string | undefined) => {
      ended.abort();
      dialog.close();
      resolve(name);
    };
    form.addEventListener(
      "submit",
      (event) => {
        event.preventDefault();
        const name = readName(field.value);
        if (name === undefined) error.textContent = "A name has 1 to 32 characters that can be seen.";
        else end(name);
      },
      { signal },
    );
    cancel.addEventListener("click", () => end(undefined), { signal });
    // Escape: the browser may close the dialog whatever we say, so without a name it is opened again.
    dialog.addEventListener("close", () => (first ? dialog.showModal() : end(undefined)), { signal });
    dialog.showModal();
    field.select();
  });
}
