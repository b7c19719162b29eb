import { createPrivateKey, randomUUID, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import type { Clock } from '../../lib/clock.ts';
import { asError, Failure } from '../../lib/failure.ts';

const DAY_MS = 86_400_000;
/** Agents pin this one at enrolment: it outlives hosts, so that nobody has to go round them. */
const AUTHORITY_DAYS = 3650;
const CERTIFICATE_DAYS = 397;
const RENEW_DAYS = 30;
const LOCAL_NAMES = ['localhost', '127.0.0.1', '::1'];

interface Certificate {
  /** What agents pin: the certificate that signs the gateway's own. */
  readonly authorityPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

/**
 * The gateway's own certificate for when nobody gives one, kept in `folder` (keys 0600) and used again at the next
 * start. It is signed by an authority of its own: with a lone self-signed one each renewal would cut off every agent.
 */
export async function ensureCertificate(folder: string, names: readonly string[], clock: Clock): Promise<Certificate> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const wanted = [...new Set([...LOCAL_NAMES, ...names])];
  const signer =
    (await keptAuthority(folder, clock)) ?? (await makePair(folder, 'gateway-ca', authorityOptions(clock)));
  const isGood = (pem: string) => {
    const certificate = new X509Certificate(pem);
    return (
      endsLater(pem, clock) &&
      certificate.checkIssued(new X509Certificate(signer.cert)) &&
      wanted.every((name) => (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)))
    );
  };
  const own =
    (await keptPair(folder, 'gateway', isGood)) ??
    (await makePair(folder, 'gateway', ownOptions(wanted, signer, clock)));
  return { authorityPem: signer.cert, certificatePem: own.cert, keyPem: own.private };
}

interface Pair {
  readonly cert: string;
  readonly private: string;
}
type Options = readonly [subject: { name: string; value: string }[], options: Parameters<typeof generate>[1]];

function authorityOptions(clock: Clock): Options {
  // The name is unique: two instances on one machine must not be taken for each other's authority.
  const name = `Holdfast gateway authority ${randomUUID().slice(0, 8)}`;
  return [
    [{ name: 'commonName', value: name }],
    {
      ...common(clock, AUTHORITY_DAYS),
      extensions: [
        { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
        { name: 'keyUsage', keyCertSign: true, critical: true },
      ],
    },
  ];
}

function ownOptions(names: readonly string[], authority: Pair, clock: Clock): Options {
  return [
    [{ name: 'commonName', value: 'Holdfast gateway' }],
    {
      ...common(clock, CERTIFICATE_DAYS),
      ca: { key: authority.private, cert: authority.cert },
      extensions: [
        { name: 'basicConstraints', cA: false, critical: true },
        { name: 'keyUsage', digitalSignature: true, critical: true },
        { name: 'extKeyUsage', serverAuth: true },
        {
          name: 'subjectAltName',
          altNames: names.map((name) => (isIP(name) ? { type: 7, ip: name } : { type: 2, value: name })),
        },
      ],
    },
  ];
}

function common(clock: Clock, days: number) {
  const nowMs = clock.now().getTime();
  return {
    keyType: 'ec' as const,
    curve: 'P-256' as const,
    algorithm: 'sha256',
    // An hour back: hosts whose clocks are slow must not find it not yet valid.
    notBeforeDate: new Date(nowMs - 3_600_000),
    notAfterDate: new Date(nowMs + days * DAY_MS),
  };
}

function endsLater(pem: string, clock: Clock): boolean {
  return Date.parse(new X509Certificate(pem).validTo) - clock.now().getTime() > RENEW_DAYS * DAY_MS;
}

/**
 * Null when there never was one, or a first start was cut short between key and certificate, or its ten years are over. Any
 * other trouble stops the start: a new authority in its place would cut off every agent that has pinned this one.
 */
async function keptAuthority(folder: string, clock: Clock): Promise<Pair | null> {
  const cert = await readOwn(folder, 'gateway-ca-cert.pem');
  if (cert === null) return null;
  const key = await readOwn(folder, 'gateway-ca-key.pem');
  try {
    const isPair = key !== null && new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
    if (!isPair) throw new Error(key === null ? 'its key is missing' : 'its key belongs to another certificate');
    return endsLater(cert, clock) ? { cert, private: key } : null;
  } catch (thrown) {
    throw unusable(folder, 'gateway-ca-cert.pem', thrown);
  }
}

/** The text of a file, or null when it is not there. */
async function readOwn(folder: string, name: string): Promise<string | null> {
  try {
    return await readFile(join(folder, name), 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unusable(folder, name, thrown);
  }
}

const unusable = (folder: string, name: string, thrown: unknown): Failure =>
  new Failure(
    'gateway-authority-unusable',
    `The authority that agents have pinned cannot be used (${join(folder, name)}): ${asError(thrown).message}. ` +
      'Give the gateway the right to read it, or bring its two files back from a copy. Only when no agent is to come back: remove both, and enrol all hosts anew.',
    { fault: 'operator', cause: thrown },
  );

/** The pair in the folder, or null when there is none, it cannot be read as one, or it is not good any more. */
async function keptPair(folder: string, name: string, isGood: (pem: string) => boolean): Promise<Pair | null> {
  try {
    const cert = await readFile(join(folder, `${name}-cert.pem`), 'utf8');
    const key = await readFile(join(folder, `${name}-key.pem`), 'utf8');
    return isGood(cert) ? { cert, private: key } : null;
  } catch {
    return null;
  }
}

async function makePair(folder: string, name: string, [subject, options]: Options): Promise<Pair> {
  const made = await generate(subject, options);
  // The key first: a start that was cut short finds no certificate and makes both anew.
  await writeWhole(join(folder, `${name}-key.pem`), made.private, 0o600);
  await writeWhole(join(folder, `${name}-cert.pem`), made.cert, 0o644);
  return { cert: made.cert, private: made.private };
}

async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  await writeFile(`${path}.new`, text, { mode });
  await chmod(`${path}.new`, mode);
  await rename(`${path}.new`, path);
}
