const simple: ReadonlyMap<string, string> = /* @__PURE__ */ new Map([
  ["t", "\t"],
  ["r", "\r"],
  ["n", "\n"],
  ["b", "\b"],
  ["f", "\f"],
  ['"', '"'],
]);
const numeric = /^(?:u[\dA-Fa-f]{4}|[0-3]?[0-7]{1,2})/;

/** Takes a string in quotes and resolves its escapes, octal ones too; undefined where one is unknown. */
export function resolveEscapes(quoted: string): string | undefined {
  const parts = quoted.slice(1, -1).split("\\");
  for (let i = 1; i < parts.length; i++) {
    const part = parts[i] ?? "";
    const meant = simple.get(part.charAt(0));
    if (meant !== undefined) {
      parts[i] = meant + part.slice(1);
    } else if (part === "") {
      // Two backslashes are one, and what follows them is no escape.
      parts[i++] = "\\";
    } else {
      const code = numeric.exec(part)?.[0];
      if (code === undefined) return undefined;
      parts[i] = codeUnit(code) + part.slice(code.length);
    }
  }
  return parts.join("");
}

/** What `u0041` or an octal number stands for. */
function codeUnit(code: string): string {
  const isHex = code.startsWith("u");
  return String.fromCharCode(Number.parseInt(isHex ? code.slice(1) : code, isHex ? 16 : 8));
}

const named: Readonly<Record<string, string>> = {
  newline: "\n",
  space: " ",
  tab: "\t",
  backspace: "\b",
  formfeed: "\f",
  return: "\r",
};

/** The character that a token after `\` names: itself, `newline`, `u0041`, `o101`; undefined where it names none. */
export function readCharacter(token: string): string | undefined {
  if (token.length === 1) return token;
  if (Object.hasOwn(named, token)) return named[token];
  // Half a surrogate pair is no character, as Clojure has it.
  if (/^u(?![dD][89a-fA-F])[\dA-Fa-f]{4}$/.test(token)) return codeUnit(token);
  return /^o(?:[0-3]?[0-7]{1,2})$/.test(token) ? codeUnit(token.slice(1)) : undefined;
}
