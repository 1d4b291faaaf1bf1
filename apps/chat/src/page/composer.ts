import { readText } from "../domain/readers.ts";
import { findById } from "./elements.ts";

/** The field in which one writes: Enter sends, Shift and Enter begins a line. */
export function createComposer(send: (text: string) => void, noteTyping: () => void): { readonly focus: () => void } {
  const form = findById("composer", HTMLFormElement);
  const field = findById("text", HTMLTextAreaElement);
  const grows = CSS.supports("field-sizing", "content");

  const fit = () => {
    if (grows) return;
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
  };
  field.addEventListener("input", () => {
    fit();
    if (field.value !== "") noteTyping();
  });
  field.addEventListener("keydown", (event) => {
    // While an input method composes, Enter chooses a word.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = readText(field.value);
    field.focus();
    if (text === undefined) return;
    form.reset();
    fit();
    send(text);
  });
  return { focus: () => field.focus() };
}
