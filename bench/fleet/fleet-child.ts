// Some hundred light agents in one process. Told by its parent which; tells it once a second how they are.
import type { GatewayAddress } from '../../src/agent/session/gateway-client.ts';
import { LightAgent, type LightState } from './light-agent.ts';

export interface FleetOrder {
  readonly gateway: Omit<GatewayAddress, 'credential'>;
  readonly hosts: readonly { readonly name: string; readonly credential: string }[];
}

/** By host name. */
export type FleetState = Readonly<Record<string, LightState>>;

const TELL_MS = 250;
/** Connections are made in turn: a hundred TLS handshakes at once only wait for each other. */
const START_PAUSE_MS = 5;

process.once('message', async ({ gateway, hosts }: FleetOrder) => {
  const agents = hosts.map(({ name, credential }) => [name, new LightAgent(name, { ...gateway, credential })] as const);
  setInterval(() => process.send!(Object.fromEntries(agents.map(([name, agent]) => [name, agent.state]))), TELL_MS);
  for (const [, agent] of agents) {
    void agent.run();
    await new Promise((resolve) => setTimeout(resolve, START_PAUSE_MS));
  }
});
// Whoever started us is gone.
process.once('disconnect', () => process.exit(0));
