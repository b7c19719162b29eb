import { sql } from 'kysely';
import type { Reach } from '../../domain/core/authorize.ts';
import { behind, inOrder, type Page, type PageAsked, pageOf, rfc3339, withinReach } from '../core/page.ts';
import type { Tx } from '../core/transaction.ts';

export interface HostView {
  readonly id: string;
  readonly siteId: string;
  readonly siteName: string;
  readonly name: string;
  readonly online: boolean;
  readonly lastSeenAt: string | null;
  readonly agentVersion: string | null;
  readonly hostname: string | null;
  readonly os: string | null;
  readonly arch: string | null;
  readonly programs: readonly { name: string; version: string; path: string }[];
  readonly powers: readonly string[];
  readonly activities: readonly string[];
  readonly version: number;
  readonly createdAt: string;
}

interface Row {
  id: string;
  site_id: string;
  site_name: string;
  name: string;
  present: boolean;
  last_seen_at: string | null;
  agent_version: string | null;
  hostname: string | null;
  os: string | null;
  arch: string | null;
  programs: HostView['programs'];
  powers: string[];
  activities: string[];
  version: number;
  created_at: string;
}

const COLUMNS = sql`h.id, h.site_id, s.name as site_name, h.name, h.present, h.last_seen_at, h.agent_version, h.hostname, h.os, h.arch,
  h.programs, h.powers, h.activities, h.version, h.created_at`;

const viewOf = (row: Row): HostView => ({
  id: row.id,
  siteId: row.site_id,
  siteName: row.site_name,
  name: row.name,
  online: row.present,
  lastSeenAt: rfc3339(row.last_seen_at),
  agentVersion: row.agent_version,
  hostname: row.hostname,
  os: row.os,
  arch: row.arch,
  programs: row.programs,
  powers: row.powers,
  activities: row.activities,
  version: row.version,
  createdAt: rfc3339(row.created_at),
});

export interface HostFilter {
  readonly reach: Reach;
  readonly name: string | null;
}

export async function listHosts(tx: Tx, filter: HostFilter, page: PageAsked): Promise<Page<HostView>> {
  const found = await tx.rows(sql<Row>`
    select ${COLUMNS} from host h join site s on s.org_id = h.org_id and s.id = h.site_id
     where h.org_id = ${tx.orgId} and ${behind(page, 'h.id')} and ${withinReach(filter.reach, 'h.site_id')}
       and (${filter.name}::text is null or h.name = ${filter.name})
     order by ${inOrder(page, 'h.id')} limit ${page.limit + 1}`);
  return pageOf(found.map(viewOf), page.limit, (host) => host.id);
}

export async function getHost(tx: Tx, id: string): Promise<HostView | null> {
  const found = await tx.first(sql<Row>`
    select ${COLUMNS} from host h join site s on s.org_id = h.org_id and s.id = h.site_id
     where h.org_id = ${tx.orgId} and h.id = ${id}`);
  return found ? viewOf(found) : null;
}
