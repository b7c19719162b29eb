/** Why restic could not be given this password byte for byte, in words; null when it can. Short and odd ones are the owner's choice. */
export function refusePassword(password: string): string | null {
  if (password === '') return 'is empty';
  if (password.includes('\0')) return 'holds a NUL character, which no program can be given';
  if (/[\r\n]/.test(password)) return 'holds a line break; give one line';
  if (!password.isWellFormed()) return 'holds half a character, which cannot be written as UTF-8';
  return null;
}
