import { InvalidArgumentError } from 'commander';
import { CliError, EXIT } from '../output/exit.ts';

/** A number of things to show. */
export const count = (text: string): number => {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('Give a number from 1.');
  return Number(text);
};

/** Checked here, so that a typing error is no request to another address. */
export function jobId(text: string): string {
  if (!/^job_[0-9a-z]{26}$/.test(text)) throw new CliError(EXIT.usage, `"${text}" is not the id of a job (job_...).`);
  return text;
}
