/** Does the text hold no control character, and can it be written as UTF-8? What is shown in lists and passed to programs has to. */
export function isPlainText(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.isWellFormed() && !/[\u0000-\u001f\u007f]/.test(text);
}

/** Can PostgreSQL store it? Line breaks may stand in it; NUL and half surrogate pairs may not. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}
