/**
 * Did the database refuse the values themselves (SQLSTATE class 22: a number out of range, a text that cannot be stored)?
 * Trying again with the same values fails for ever.
 */
export function isDataError(thrown: unknown): boolean {
  const code = (thrown as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^22[0-9A-Z]{3}$/.test(code);
}
