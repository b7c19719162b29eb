import { expect, test } from 'vitest';
import { missingRights, refuseBoundRoot } from './root-rights.ts';

const status = (held: string) => `CapPrm:\t0000000000000000\nCapEff:\t${held}\nCapBnd:\t000001ffffffffff\n`;

test('RUN-8: rights that were taken from root are named, with what gives them back', () => {
  expect(missingRights(status('000001ffffffffff'))).toEqual([]);
  expect(missingRights(status('000001fffffffff9'))).toEqual(['DAC_OVERRIDE']);
  expect(missingRights('Name:\tnode\n')).toEqual([]);
  expect(() => refuseBoundRoot(status('000001ffffffff1d'))).toThrow(
    /lacks CAP_DAC_OVERRIDE, CAP_KILL, CAP_SETGID, CAP_SETUID .*--cap-add DAC_OVERRIDE --cap-add KILL/,
  );
});
