import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensureCertificate } from './certificate.ts';

const at = (iso: string) => ({ now: () => new Date(iso) });
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'certificate-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('a certificate is made once, for all names, with a key only we can read', async () => {
  const first = await ensureCertificate(folder, ['gateway.example', '10.1.2.3'], at('2026-01-01T00:00:00Z'));
  const own = new X509Certificate(first.certificatePem);
  expect(own.checkIssued(new X509Certificate(first.authorityPem))).toBe(true);
  expect(own.verify(new X509Certificate(first.authorityPem).publicKey)).toBe(true);
  for (const name of ['localhost', 'gateway.example']) expect(own.checkHost(name)).toBe(name);
  for (const address of ['127.0.0.1', '::1', '10.1.2.3']) expect(own.checkIP(address)).toBeTruthy();
  for (const name of ['gateway-key.pem', 'gateway-ca-key.pem'])
    expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  expect(await ensureCertificate(folder, ['gateway.example'], at('2026-06-01T00:00:00Z'))).toEqual(first);
});

test('30 days before its end, or with a new name, there is a new one that pinned agents still trust', async () => {
  const first = await ensureCertificate(folder, [], at('2026-01-01T00:00:00Z'));
  const renewed = await ensureCertificate(folder, [], at('2027-01-10T00:00:00Z'));
  expect(renewed.certificatePem).not.toBe(first.certificatePem);
  expect(renewed.authorityPem).toBe(first.authorityPem);
  const named = await ensureCertificate(folder, ['other.example'], at('2027-01-10T00:00:00Z'));
  expect(new X509Certificate(named.certificatePem).checkHost('other.example')).toBe('other.example');
  expect(new X509Certificate(named.certificatePem).checkIssued(new X509Certificate(first.authorityPem))).toBe(true);
});
