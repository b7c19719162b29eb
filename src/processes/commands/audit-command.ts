import { sql } from 'kysely';
import type { Format } from '../../cli/output/output.ts';
import { readConfig } from '../../config/config.ts';
import { type ChainReport, verifyChain } from '../../db/audit/audit-chain.ts';
import { systemClock } from '../../lib/clock.ts';
import { publicId, systemRandom } from '../../lib/ids.ts';
import type { ProcessWorld } from '../../processes/process-world.ts';
import { openLoginDatabase } from '../place/open-login.ts';

/** Verifies the audit chain of every organisation on the worker's login; returns how many were changed. */
export async function auditVerifyCommand({ env, print }: ProcessWorld, format: Format): Promise<number> {
  const database = await openLoginDatabase(readConfig(env), 'worker', 1, { clock: systemClock, random: systemRandom });
  try {
    const organizations = await database.acrossOrganizations('audit: list organisations', (tx) =>
      tx.rows(sql<{ id: string; name: string }>`select id, name from organization order by id`),
    );
    const items: object[] = [];
    let bad = 0;
    for (const { id, name } of organizations) {
      const report = await database.inOrganization(id, (tx) => verifyChain(tx));
      if (format === 'json') items.push(itemOf(id, name, report));
      else for (const line of linesOf(name, report)) print(line);
      if (report.findings.length > 0) bad++;
    }
    if (format === 'json') print(JSON.stringify({ items }, null, 2));
    return bad;
  } finally {
    await database.close();
  }
}

const WORDS = {
  altered: 'the event, or the link before it, was altered',
  'event-removed': 'the event was removed',
  'link-removed': 'links before this one were removed',
  'not-linked': 'the event was taken out of the chain',
} as const;

const itemOf = (id: string, organization: string, { links, head, findings }: ChainReport) => ({
  organization: { id: publicId('organization', id), name: organization },
  ok: findings.length === 0,
  links,
  head,
  findings: findings.map(({ seq, eventId, what }) => ({ seq, eventId: publicId('event', eventId), what })),
});

function linesOf(organization: string, { links, head, findings }: ChainReport): string[] {
  if (findings.length === 0) return [`${organization}: ok, ${links} links, head ${head ?? 'none'}`];
  return [
    `${organization}: NOT OK, ${links} links`,
    ...findings.map(
      ({ seq, eventId, what }) => `  link ${seq ?? '-'}, event ${publicId('event', eventId)}: ${WORDS[what]}`,
    ),
  ];
}
