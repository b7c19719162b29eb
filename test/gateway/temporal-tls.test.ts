import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metadata } from '@grpc/grpc-js';
import proto from '@temporalio/proto';
import { NativeConnection } from '@temporalio/worker';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { ensureCertificate } from '../../src/gateway/identity/certificate.ts';
import { Upstream } from '../../src/gateway/proxy/upstream.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLogger } from '../../src/lib/log.ts';
import { temporalTarget } from '../../src/processes/place/temporal-target.ts';
import { connectionOptions, type TemporalTarget } from '../../src/temporal/connection.ts';
import { openWorkflowEngine } from '../../src/temporal/workflow-engine.ts';
import { ownNamespace } from '../harness/namespace.ts';
import { startTlsFront, type TlsFront } from '../harness/tls-front.ts';

const KEY = 'canary-9d1c-temporal-key';
const NAME = 'temporal.example';
const folder = mkdtempSync(join(tmpdir(), 'holdfast-tls-'));
let front: TlsFront;
let env: Record<string, string>;

/** The certificates stand for those of a company's authority: the server's has another name than its address. */
beforeAll(async () => {
  const [behind, server, client] = await Promise.all([
    ownNamespace(),
    ensureCertificate(join(folder, 'server'), [NAME], systemClock),
    generate([{ name: 'commonName', value: 'holdfast' }], {
      keyType: 'ec',
      extensions: [{ name: 'extKeyUsage', clientAuth: true }],
    }),
  ]);
  front = await startTlsFront({
    behind,
    certificatePem: server.certificatePem,
    keyPem: server.keyPem,
    clientAuthorityPem: client.cert,
    apiKey: KEY,
  });
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  env = {
    HOLDFAST_DATA: join(folder, 'data'),
    TEMPORAL_ADDRESS: `127.0.0.1:${front.port}`,
    TEMPORAL_NAMESPACE: behind.namespace,
    TEMPORAL_API_KEY_FILE: file('api-key', KEY),
    TEMPORAL_TLS_SERVER_CA: file('server-ca.pem', server.authorityPem),
    TEMPORAL_TLS_CERT: file('client.pem', client.cert),
    TEMPORAL_TLS_KEY: file('client.key', client.private),
    TEMPORAL_TLS_SERVER_NAME: NAME,
  };
});
afterAll(async () => {
  await front?.close();
  rmSync(folder, { recursive: true, force: true });
});

const without = (...names: string[]) => temporalTarget(readConfig(omit(names)));
const omit = (names: string[]) => Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)));

/** As the API and the worker's own calls, as the worker's polls, and as the gateway reach Temporal. */
const ways: Record<string, (target: TemporalTarget) => Promise<unknown>> = {
  async engine(target) {
    const log = createLogger({ level: 'error', pretty: false, process: 'test' });
    const engine = openWorkflowEngine({ target, clock: systemClock, log });
    return await engine.namespaceId().finally(() => engine.close());
  },
  async worker(target) {
    const connection = await NativeConnection.connect(connectionOptions(target));
    const { namespace } = target;
    return await connection.workflowService.describeNamespace({ namespace }).finally(() => connection.close());
  },
  async gateway(target) {
    const upstream = new Upstream(target);
    const { GetSystemInfoRequest, GetSystemInfoResponse } = proto.temporal.api.workflowservice.v1;
    const message = Buffer.from(GetSystemInfoRequest.encode({}).finish());
    // What an agent proves itself with to us is not what we prove ourselves with to Temporal.
    const metadata = new Metadata();
    metadata.set('authorization', 'Bearer of-the-agent');
    const answer = new Promise<Buffer>((resolve, reject) => {
      upstream.call('GetSystemInfo', message, metadata, Date.now() + 5_000, (error, bytes) =>
        error ? reject(error) : resolve(bytes!),
      );
    });
    return GetSystemInfoResponse.decode(await answer.finally(() => upstream.close())).serverVersion;
  },
};

test.each(Object.keys(ways))('RUN-8: Temporal behind TLS is reached with certificate and key: %s', async (way) => {
  expect(await ways[way]!(without())).toBeTruthy();
});

test.each(Object.keys(ways))('and without any one of them it is not: %s', async (way) => {
  for (const names of [
    ['TEMPORAL_API_KEY_FILE'],
    ['TEMPORAL_TLS_CERT', 'TEMPORAL_TLS_KEY'],
    ['TEMPORAL_TLS_SERVER_CA'],
    ['TEMPORAL_TLS_SERVER_NAME'],
  ]) {
    // Its own address is among the names of the certificate, so that only another name can be wrong.
    const target = without(...names);
    const wrong =
      names[0] === 'TEMPORAL_TLS_SERVER_NAME'
        ? { ...target, tls: { ...target.tls!, serverName: 'other.example' } }
        : target;
    await expect(ways[way]!(wrong), names.join()).rejects.toThrow();
  }
});
