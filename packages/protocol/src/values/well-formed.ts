// In every runtime that we support, but not in the language level of our "lib" (ES2024).
interface String2024 {
  isWellFormed(): boolean;
}

/** False where half of a surrogate pair stands alone: such a string does not survive UTF-8. */
export const isWellFormed: (text: string) => boolean =
  "isWellFormed" in String.prototype
    ? (text) => (text as unknown as String2024).isWellFormed()
    : (text) => !/\p{Cs}/u.test(text);
