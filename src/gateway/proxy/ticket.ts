import { createHmac, timingSafeEqual } from 'node:crypto';
import type { AttemptTicket } from '../../domain/hosts/gateway-store.ts';
import { parseRunWorkflowId } from '../../domain/jobs/workflow-id.ts';
import type { Keyring, KeyringKey } from '../../lib/seal.ts';
import { forbidden } from './refusal.ts';
import { tokenHash, wrapKey } from './tokens.ts';

/**
 * What the gateway knew of an attempt when it handed it out, signed: version | length of key id, key id | HMAC | JSON.
 * The agent sends it with each claim and report, so that any replica can serve them without a look-up.
 */
const VERSION = 1;
const MAC = 32;

interface Claims extends AttemptTicket {
  readonly host: string;
  /** SHA-256 of Temporal's task token, base64url: the ticket is good with that token only. */
  readonly token: string;
}

/** What a run's workflow id and an activity id (the number of the attempt) say; null for activities of anything else. */
export function attemptOf(
  workflowId: string,
  runId: string,
  activityId: string,
  activity: string,
): AttemptTicket | null {
  const run = parseRunWorkflowId(workflowId);
  if (run === null || activity === '' || runId === '' || !/^[1-9]\d{0,8}$/.test(activityId)) return null;
  return { ...run, runId, attempt: Number(activityId), activity };
}

export function issueTicket(keyring: Keyring, hostId: string, attempt: AttemptTicket, token: Buffer): Buffer {
  const claims: Claims = { ...attempt, host: hostId, token: tokenHash(token).toString('base64url') };
  const key = keyring.keyFor('wrap');
  const id = Buffer.from(key.id, 'latin1');
  const body = Buffer.from(JSON.stringify(claims));
  return Buffer.concat([Buffer.from([VERSION, id.length]), id, macOf(key, body), body]);
}

/** The attempt of a ticket that was issued to this host together with this (unwrapped) token. Throws a refusal otherwise. */
export function readTicket(keyring: Keyring, hostId: string, ticket: Buffer, token: Buffer): AttemptTicket {
  const macAt = 2 + (ticket[1] ?? 0);
  if (ticket[0] !== VERSION || ticket.length <= macAt + MAC) throw notYours();
  const key = wrapKey(keyring, ticket.toString('latin1', 2, macAt));
  const body = ticket.subarray(macAt + MAC);
  if (!key || !timingSafeEqual(ticket.subarray(macAt, macAt + MAC), macOf(key, body))) throw notYours();
  const { host, token: hash, ...attempt } = JSON.parse(body.toString('utf8')) as Claims;
  if (host !== hostId || hash !== tokenHash(token).toString('base64url')) throw notYours();
  return attempt;
}

function macOf(key: KeyringKey, body: Buffer): Buffer {
  return createHmac('sha256', key.secret).update('holdfast ticket\0').update(body).digest();
}

function notYours() {
  return forbidden('ticket not issued to this host for this task token');
}
