import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { writeSecretFile } from '../../processes/place/data-folder.ts';
import type { TemporalTarget } from '../../temporal/connection.ts';

/** Made anew at a start with less than this left. Nobody else has to be told: only our own processes use them. */
const DAYS = 3650;
const LEAST_DAYS = 30;
const DAY_MS = 86_400_000;
const NAMES = ['authority.pem', 'server-cert.pem', 'server-key.pem', 'client-cert.pem', 'client-key.pem'] as const;
/** What its certificate says and everybody asks for, whatever the address. */
const SERVER_NAME = 'localhost';

/** How the embedded Temporal and its clients prove themselves to each other: paths of PEM files in a closed folder. */
export interface TemporalTls {
  readonly authority: string;
  readonly server: { readonly certificate: string; readonly key: string };
  readonly client: { readonly certificate: string; readonly key: string };
  readonly serverName: string;
}

export function temporalTlsAt(folder: string): TemporalTls {
  const [authority, serverCert, serverKey, clientCert, clientKey] = NAMES.map((name) => join(folder, name));
  return {
    authority: authority!,
    server: { certificate: serverCert!, key: serverKey! },
    client: { certificate: clientCert!, key: clientKey! },
    serverName: SERVER_NAME,
  };
}

/** The files in `folder`, made when they are missing or not good any more. The authority's key is kept nowhere: it signs twice. */
export async function ensureTemporalTls(folder: string): Promise<TemporalTls> {
  const tls = temporalTlsAt(folder);
  if (!areGood(tls)) await makeAll(tls);
  return tls;
}

/** The texts, as clients take them. */
export function clientTls(tls: TemporalTls): NonNullable<TemporalTarget['tls']> {
  const text = (file: string) => readFileSync(file, 'utf8');
  return {
    serverCa: text(tls.authority),
    certificate: text(tls.client.certificate),
    key: text(tls.client.key),
    serverName: tls.serverName,
  };
}

function areGood({ authority, server, client }: TemporalTls): boolean {
  try {
    const signer = new X509Certificate(readFileSync(authority));
    return [server, client].every((pair) => {
      const certificate = new X509Certificate(readFileSync(pair.certificate));
      const leftMs = certificate.validToDate.getTime() - Date.now();
      const isPair = certificate.checkPrivateKey(createPrivateKey(readFileSync(pair.key)));
      return leftMs > LEAST_DAYS * DAY_MS && isPair && certificate.checkIssued(signer);
    });
  } catch {
    return false;
  }
}

async function makeAll(tls: TemporalTls): Promise<void> {
  const authority = await generate([{ name: 'commonName', value: 'Holdfast embedded Temporal' }], {
    ...common(),
    extensions: [
      { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  });
  // The server's services are also each other's clients.
  await makePair(tls.server, 'temporal', authority, { serverAuth: true, clientAuth: true });
  await makePair(tls.client, 'holdfast', authority, { clientAuth: true });
  writeSecretFile(tls.authority, authority.cert);
}

async function makePair(
  files: { readonly certificate: string; readonly key: string },
  name: string,
  authority: { cert: string; private: string },
  usages: Record<string, boolean>,
): Promise<void> {
  const made = await generate([{ name: 'commonName', value: name }], {
    ...common(),
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', ...usages },
      { name: 'subjectAltName', altNames: [{ type: 2, value: SERVER_NAME }] },
    ],
  });
  writeSecretFile(files.key, made.private);
  writeSecretFile(files.certificate, made.cert);
}

function common() {
  const nowMs = Date.now();
  return {
    keyType: 'ec' as const,
    curve: 'P-256' as const,
    algorithm: 'sha256',
    notBeforeDate: new Date(nowMs - 3_600_000),
    notAfterDate: new Date(nowMs + DAYS * DAY_MS),
  };
}
