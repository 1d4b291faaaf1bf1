const escapeCode = /\\(u[\dA-Fa-f]{4}|[0-3]?[0-7]{1,2}|[\s\S])/g;

const single: Readonly<Record<string, string>> = {
  t: "\t",
  r: "\r",
  n: "\n",
  b: "\b",
  f: "\f",
  "\\": "\\",
  '"': '"',
};

/** What a string in quotes says, its escapes resolved, octal ones too; undefined where one is unknown. */
export function resolveEscapes(quoted: string): string | undefined {
  let valid = true;
  const result = quoted.slice(1, -1).replace(escapeCode, (_, code: string) => {
    const unit = code.length === 1 && Object.hasOwn(single, code) ? single[code] : codeUnit(code);
    valid &&= unit !== undefined;
    return unit ?? "";
  });
  return valid ? result : undefined;
}

function codeUnit(code: string): string | undefined {
  if (code.length === 5) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
  return /^[0-7]+$/.test(code) ? String.fromCharCode(Number.parseInt(code, 8)) : undefined;
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
