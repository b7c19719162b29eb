import { isDataError } from './data-error.ts';

/**
 * Does the work for all items at once. Where the database refuses a value, for each half of them, and so on, until the items that
 * cannot be done stand alone: those are answered, and all others are done. Any other error is thrown.
 */
export async function bisect<Item>(
  items: readonly Item[],
  work: (some: readonly Item[]) => Promise<unknown>,
): Promise<Item[]> {
  if (items.length === 0) return [];
  try {
    await work(items);
    return [];
  } catch (thrown) {
    if (!isDataError(thrown)) throw thrown;
    if (items.length === 1) return [...items];
    const middle = items.length >> 1;
    return [...(await bisect(items.slice(0, middle), work)), ...(await bisect(items.slice(middle), work))];
  }
}
