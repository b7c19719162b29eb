import { readMounts } from '../../../../agent/programs/mounts.ts';
import type { ItemFailure } from '../../../../domain/jobs/outcome.ts';
import { cutMiddle } from '../../../../lib/safe-text.ts';
import { isUndecodable, undecodableNames } from '../core/undecodable-names.ts';

/** Of restic's words, so that the advice behind them stays whole. */
const MAX_WORDS_BYTES = 320;

const ADVICE: Readonly<Record<string, string>> = {
  'permission-denied': 'let the account of the agent read it, or exclude it',
  vanished: 'it was removed while restic read; exclude it if it comes and goes',
  'read-error': 'look at the disk',
  'name-too-long': 'its path is longer than the system takes: shorten names of folders above it, or exclude it',
  'mount-dead': 'what is mounted there does not answer: mount it anew, or exclude it',
};

/** What went wrong with single items, with what to do, and with names that tell them apart. */
export async function explainFailures(failures: readonly ItemFailure[]): Promise<ItemFailure[]> {
  if (failures.length === 0) return [];
  const { present } = await readMounts();
  const odd = new Map<string, string[]>();
  for (const { item } of failures)
    if (isUndecodable(item) && !odd.has(item)) odd.set(item, await undecodableNames(item));
  return failures.map((failure) => {
    const { code, item, message } = failure;
    const type = present.get(item);
    const known = odd.get(item)?.shift() ?? item;
    if (type !== undefined && code !== 'path-missing')
      return {
        code: 'mount-unreadable',
        item: known,
        message: `${cutMiddle(message, MAX_WORDS_BYTES)}; it is a mount of type ${type}: exclude "${item}" if it does not belong in the backup, or let the agent read it`,
      };
    const advice = ADVICE[code];
    return { code, item: known, message: advice ? `${cutMiddle(message, MAX_WORDS_BYTES)}; ${advice}` : message };
  });
}
