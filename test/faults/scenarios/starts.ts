import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { readConfig } from '../../../src/config/config.ts';
import { dataPaths } from '../../../src/processes/place/data-folder.ts';
import { readLoginUrl } from '../../../src/processes/place/login-urls.ts';
import { lazyConnection } from '../../../src/temporal/connection.ts';
import type { Scenario } from '../scenario.ts';
import { openFaultStack } from '../stack/fault-stack.ts';
import { cutOffStarts } from '../starts/cut-off-starts.ts';
import { manyStarts } from '../starts/many-starts.ts';
import type { Place } from '../starts/place.ts';

/** FT-1 and FT-2, on a stack whose worker is a process of its own. `test/faults/starts.test.ts` does less of the same. */
export const starts: Scenario = {
  name: 'starts',
  about: 'many clients whose answers are dropped, the API killed under them, and between commit and start',
  inShort: false,
  async run({ short }) {
    const stack = await openFaultStack();
    const { temporal, database } = stack;
    const client = new Client({ connection: lazyConnection(temporal), namespace: temporal.namespace });
    try {
      const config = readConfig({ HOLDFAST_DATA: join(stack.folder, 'data') });
      const url = (group: 'api' | 'auth') => readLoginUrl(config, group).url;
      const place: Place = {
        urls: { api: url('api'), auth: url('auth') },
        temporal,
        client,
        rows: (text, values) => database.rows(text, values),
        org: stack.orgId,
        apiKey: JSON.parse(readFileSync(dataPaths(config.dataDir).cliFile, 'utf8')).apiKey,
      };
      const seed = Date.now() % 1_000_000;
      const load = { starts: short ? 200 : 1_000, clients: 50, copies: 3, dropped: 0.3, kills: short ? 3 : 10 };
      return [
        await manyStarts(place, { seed, ...load, deadlineMs: 180_000 }),
        await cutOffStarts(place, { seed, times: short ? 20 : 200, deadlineMs: 60_000 }),
      ];
    } finally {
      await client.connection.close();
      await stack.close();
    }
  },
};
