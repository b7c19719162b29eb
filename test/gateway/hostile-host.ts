import { quickQueue } from '../../src/catalog/queues.ts';
import { newCredential, parseCredential } from '../../src/gateway/identity/credential.ts';
import { publicId } from '../../src/lib/ids.ts';
import type { Stack } from '../harness/stack.ts';
import { Attacker } from './attacker.ts';

/** A host of a stack whose agent is in the hands of somebody else. It counts as there for an hour. */
export async function hostileHost(stack: Stack): Promise<Attacker & { readonly quick: string }> {
  const hostId = await stack.addHost();
  const credential = newCredential(stack.org, hostId, stack.random);
  await stack.owner.query(
    'insert into host_credential(org_id, id, host_id, token_hash, created_at) values ($1, gen_random_uuid(), $2, $3, now())',
    [stack.org, hostId, parseCredential(credential)!.hash],
  );
  const { address, authorityPem } = await stack.addGateway();
  const at = { gatewayAddress: address, authorityPem, namespace: stack.namespace };
  const host = { orgId: stack.org, hostId, hostName: publicId('host', hostId), credential };
  return Object.assign(await Attacker.on(at, host), { quick: quickQueue(hostId) });
}
