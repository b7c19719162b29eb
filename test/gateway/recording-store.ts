import { gatewayStore } from '../../src/db/hosts/gateway-store.ts';
import type { AttemptTicket, GatewayStore, HostIdentity, PresenceBeat } from '../../src/domain/hosts/gateway-store.ts';
import type { LogLine } from '../../src/domain/jobs/agent-protocol.ts';
import { newCredential, parseCredential } from '../../src/gateway/identity/credential.ts';
import { parsePublicId } from '../../src/lib/ids.ts';
import { type Keyring, seal } from '../../src/lib/seal.ts';
import type { Bench } from '../harness/bench.ts';

/** What the password of every repository is: a canary that must reach the agent and nothing else. */
export const PASSWORD = 'sesame';

/**
 * The gateway's real store on a real database, with what the tests need beside it: rows to work on, a list of what was
 * asked, and the database "away" on demand. Rows are put in at once and awaited before the gateway is answered.
 */
export class RecordingStore implements GatewayStore {
  readonly audit: { hostId: string; what: string; detail: string }[] = [];
  readonly beaten: PresenceBeat[] = [];
  readonly lines: LogLine[] = [];
  readonly claims: AttemptTicket[] = [];
  /** Set to make every look-up fail, as when the database is away. */
  away = false;
  readonly #bench: Bench;
  readonly #keyring: Keyring;
  readonly #real: GatewayStore;
  #written: Promise<unknown> = Promise.resolve();

  constructor(bench: Bench, keyring: Keyring) {
    this.#bench = bench;
    this.#keyring = keyring;
    this.#real = gatewayStore(bench.gateway);
  }

  enrol(hostName: string): HostIdentity & { credential: string } {
    const { org, site, owner } = this.#bench;
    const hostId = this.#bench.newId();
    const credential = newCredential(org, hostId, this.#bench.random);
    this.#write(async () => {
      await owner.query(
        `insert into host(org_id, id, site_id, name, created_at) values ($1, $2::uuid, $3, $4 || ' ' || $2::uuid, now())`,
        [org, hostId, site, hostName],
      );
      await owner.query(
        'insert into host_credential(org_id, id, host_id, token_hash, created_at) values ($1, gen_random_uuid(), $2, $3, now())',
        [org, hostId, parseCredential(credential)!.hash],
      );
    });
    return { orgId: org, hostId, hostName, credential };
  }

  revoke(credential: string): void {
    const { hash } = parseCredential(credential)!;
    this.#write(() =>
      this.#bench.owner.query('update host_credential set revoked_at = now() where token_hash = $1', [hash]),
    );
  }

  /** The row of a job that runs on that host as its first run, with a repository and a sealed password where its kind wants them. */
  async addJob(kind: string, jobId: string, queue: string): Promise<void> {
    await this.#written;
    const { org, owner } = this.#bench;
    const hostId = parsePublicId('host', queue.split('/')[1]!)!;
    const repository = await this.#bench.addRepository();
    const plan = await this.#bench.addPlan(hostId, repository);
    const place = { table: 'repository', row: repository, column: 'password', organisation: org };
    await owner.query('update secret set sealed = $2 where row_id = $1', [
      repository,
      seal(this.#keyring, place, PASSWORD),
    ]);
    await owner.query(
      `insert into job(org_id, id, kind, title, state, host_id, repository_id, plan_id, params, trigger, actor_kind, actor_label, request_id,
         accepted_at, accepted_day, queue_deadline_at)
       values ($1, $2, $3, 'test', 'running', $4, $5, $6, '{}', 'key', 'key', 'test', 'test', now(), current_date, now() + interval '1 hour')`,
      [org, jobId, kind, hostId, repository, plan.id],
    );
  }

  /** What the database holds of a host's refusals. */
  async auditRows(hostId: string): Promise<Record<string, unknown>[]> {
    const found = await this.#bench.owner.query(
      `select data from audit_event where actor_id = $1 and action = 'gateway.refuse' order by data->>'call'`,
      [hostId],
    );
    return found.rows.map((row) => row.data);
  }

  async authenticate(orgId: string, hostId: string, hash: Buffer): Promise<HostIdentity | null> {
    if (this.away) throw new Error('the database is away');
    await this.#written;
    return this.#real.authenticate(orgId, hostId, hash);
  }

  hello(...asked: Parameters<GatewayStore['hello']>) {
    return this.#real.hello(...asked);
  }

  epoch(host: HostIdentity) {
    return this.#real.epoch(host);
  }

  bindCommandQueue(...asked: Parameters<GatewayStore['bindCommandQueue']>) {
    return this.#real.bindCommandQueue(...asked);
  }

  beats(beats: readonly PresenceBeat[]) {
    this.beaten.push(...beats);
    return this.#real.beats(beats);
  }

  heartbeat(justStarted: boolean) {
    return this.#real.heartbeat(justStarted);
  }

  hostRuns(host: HostIdentity) {
    return this.#real.hostRuns(host);
  }

  async claim(host: HostIdentity, ticket: AttemptTicket, hash: Buffer) {
    this.claims.push(ticket);
    await this.#begun(ticket);
    return this.#real.claim(host, ticket, hash);
  }

  async report(...asked: Parameters<GatewayStore['report']>) {
    this.lines.push(...asked[3].lines);
    await this.#begun(asked[1]);
    return this.#real.report(...asked);
  }

  refused(host: HostIdentity, what: string, detail: string, times: number) {
    this.audit.push({ hostId: host.hostId, what, detail });
    return this.#real.refused(host, what, detail, times);
  }

  auditGap(...asked: Parameters<GatewayStore['auditGap']>) {
    return this.#real.auditGap(...asked);
  }

  /** The workflows of these tests have no begin, which would have stored the run. */
  async #begun({ jobId, runId }: AttemptTicket): Promise<void> {
    await this.#bench.owner.query('update job set run_id = $2 where id = $1 and run_id is null', [jobId, runId]);
  }

  #write(work: () => Promise<unknown>): void {
    this.#written = this.#written.then(work);
  }
}
