import type { Config } from '../../config/config.ts';
import { Failure } from '../../lib/failure.ts';
import type { TemporalTarget } from '../../temporal/connection.ts';
import { readIfThere } from './data-folder.ts';

/** Where Temporal is, with the texts of the files that the configuration names. */
export function temporalTarget({ temporal }: Config): TemporalTarget {
  if (temporal.address === null)
    throw new Failure(
      'temporal-address-missing',
      'Temporal is not known: TEMPORAL_ADDRESS is not set. Set it to host:port; only "holdfast up" brings a Temporal of its own.',
      { fault: 'operator' },
    );
  const pem = (variable: string, file: string | null): string | null => {
    const text = file === null ? null : readIfThere(file);
    if (file === null || text !== null) return text;
    throw new Failure('bad-configuration', `${variable}=${file} is not there. Correct ${variable}.`, {
      fault: 'operator',
    });
  };
  const { tls } = temporal;
  return {
    address: temporal.address,
    namespace: temporal.namespace,
    apiKey: temporal.apiKey,
    // A key is only sent over TLS: Temporal Cloud needs no files of ours for that.
    tls:
      tls || temporal.apiKey
        ? {
            serverCa: pem('TEMPORAL_TLS_SERVER_CA', tls?.serverCaFile ?? null),
            certificate: pem('TEMPORAL_TLS_CERT', tls?.certFile ?? null),
            key: pem('TEMPORAL_TLS_KEY', tls?.keyFile ?? null),
            serverName: tls?.serverName ?? null,
          }
        : null,
  };
}
