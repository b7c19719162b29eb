import { readFileSync } from 'node:fs';
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import proto from '@temporalio/proto'; // CommonJS: a named import fails under ESM
import { NO_PROXY } from '../../lib/grpc-no-proxy.ts';
import type { TemporalTls } from './temporal-tls.ts';
import { sameText } from './ui-link.ts';

const { workflowservice, operatorservice } = proto.temporal.api;
const SERVICES = {
  'temporal.api.workflowservice.v1.WorkflowService': workflowservice.v1.WorkflowService,
  'temporal.api.operatorservice.v1.OperatorService': operatorservice.v1.OperatorService,
};
/** All that looks. A query runs code of the workflow, which changes nothing. */
const LOOKS = /^(Get|List|Describe|Count|Query|Scan)[A-Z]/;
const same = (bytes: Buffer): Buffer => bytes;
const MOST_BYTES = 64 * 1024 * 1024;

interface UiGrpcProxy {
  readonly address: string;
  stop(): void;
}

/**
 * Between Temporal's UI server and Temporal: takes only calls that look, and only those that came through our HTTP proxy, by the word
 * that it puts into their headers. The UI server listens on a port that every account of the machine reaches, so it gets no
 * certificate of its own.
 */
export async function startUiGrpcProxy(upstream: string, tls: TemporalTls, word: string): Promise<UiGrpcProxy> {
  const client = clientOf(upstream, tls);
  const pass = (path: string) => (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => {
    const [said = ''] = call.metadata.get('authorization');
    if (!sameText(String(said), `Bearer ${word}`))
      return done({ code: status.UNAUTHENTICATED, details: 'This port is for the UI of Holdfast only.' });
    const asked = client.makeUnaryRequest(
      path,
      same,
      same,
      call.request,
      new Metadata(),
      { deadline: call.getDeadline() },
      done,
    );
    call.on('cancelled', () => asked.cancel());
  };
  const server = new Server({ 'grpc.max_send_message_length': MOST_BYTES });
  for (const [service, { methods }] of Object.entries(SERVICES) as unknown as [string, { methods: object }][]) {
    const paths = Object.keys(methods)
      .filter((name) => LOOKS.test(name))
      .map((name) => [name, `/${service}/${name}`] as const);
    const definition = paths.map(([name, path]) => [name, { path, ...UNARY }]);
    const implementation = paths.map(([name, path]) => [name, pass(path)]);
    server.addService(
      Object.fromEntries(definition) as ServiceDefinition,
      Object.fromEntries(implementation) as UntypedServiceImplementation,
    );
  }
  const pair = { cert_chain: readFileSync(tls.server.certificate), private_key: readFileSync(tls.server.key) };
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createSsl(null, [pair]), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  const stop = () => {
    server.forceShutdown();
    client.close();
  };
  return { address: `127.0.0.1:${port}`, stop };
}

function clientOf(upstream: string, { authority, client, serverName }: TemporalTls): Client {
  const [ca, key, certificate] = [authority, client.key, client.certificate].map((file) => readFileSync(file));
  return new Client(upstream, credentials.createSsl(ca, key, certificate), {
    ...NO_PROXY,
    'grpc.ssl_target_name_override': serverName,
    'grpc.default_authority': serverName,
    'grpc.max_receive_message_length': MOST_BYTES,
    'grpc.use_local_subchannel_pool': 1,
  });
}

const UNARY = {
  requestStream: false,
  responseStream: false,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
};
