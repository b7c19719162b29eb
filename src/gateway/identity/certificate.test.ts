import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
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

test('an authority that cannot be read or used stops the start instead of being replaced by one that no agent knows', async () => {
  const clock = at('2026-01-01T00:00:00Z');
  const first = await ensureCertificate(folder, [], clock);
  const [cert, key] = [join(folder, 'gateway-ca-cert.pem'), join(folder, 'gateway-ca-key.pem')];
  const whole = { cert: await readFile(cert), key: await readFile(key) };
  const spoil: [string, () => Promise<unknown>][] = [
    ['its key is missing', () => rm(key)],
    ['gateway-ca-cert.pem', () => writeFile(cert, whole.cert.subarray(0, 200))],
    ['another certificate', async () => writeFile(key, await readFile(join(folder, 'gateway-key.pem')))],
    // As root nothing is forbidden to read; a link in a circle cannot be read by anybody.
    ['ELOOP', () => rm(cert).then(() => symlink(cert, cert))],
  ];
  for (const [words, spoilt] of spoil) {
    await spoilt();
    await expect(ensureCertificate(folder, [], clock)).rejects.toThrow(words);
    for (const [file, content] of [
      [cert, whole.cert],
      [key, whole.key],
    ] as const) {
      await rm(file, { force: true });
      await writeFile(file, content);
    }
    expect((await ensureCertificate(folder, [], clock)).authorityPem).toBe(first.authorityPem);
  }
});

test('a first start that was cut short between key and certificate is begun anew', async () => {
  await writeFile(join(folder, 'gateway-ca-key.pem'), 'half a key');
  expect((await ensureCertificate(folder, [], at('2026-01-01T00:00:00Z'))).authorityPem).toContain('BEGIN CERTIFICATE');
});
