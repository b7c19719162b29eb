/** What stands where a secret was. */
export const MASK = '***';

/** Takes known secrets out of a text. */
export type Mask = (text: string) => string;

/**
 * Masks these secrets in every form they are printed in: as they are, line by line (a secret of several lines comes back
 * so), and escaped as in a URL or in JSON. What is shorter than `shortest` is left: it would hide nothing but the text.
 */
export function maskOf(secrets: Iterable<string>, shortest = 1): Mask {
  const forms = new Set<string>();
  for (const secret of secrets)
    for (const part of [secret, ...secret.split(/\r?\n/)]) {
      if (part.length < shortest) continue;
      for (const form of [part, encodeURIComponent(part.toWellFormed()), JSON.stringify(part).slice(1, -1)])
        forms.add(form);
    }
  // Longer ones first: one may be part of another.
  const ordered = [...forms].sort((a, b) => b.length - a.length);
  return (text) => ordered.reduce((masked, form) => masked.replaceAll(form, MASK), text);
}
