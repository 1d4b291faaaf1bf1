import { talkIn, type View } from "../client/view.ts";
import { findById } from "./elements.ts";

/** Shows who is typing in this room. Its line is always there, so that nothing moves. */
export function createTypingLine(): (view: View) => void {
  const line = findById("typing", HTMLParagraphElement);
  return (view) => {
    const text = typingText(talkIn(view, view.room).typing.map(({ name }) => name));
    if (line.textContent !== text) line.textContent = text;
  };
}

export function typingText(names: readonly string[]): string {
  const [one, two] = names;
  if (one === undefined) return "";
  if (two === undefined) return `${one} is typing`;
  return names.length === 2 ? `${one} and ${two} are typing` : `${names.length} people are typing`;
}
