import type { PlanAnswer } from '../client/api-types.ts';
import type { ApiClient } from '../client/client.ts';
import { find } from '../client/find.ts';
import type { Output } from '../output/output.ts';

/** One value each time: an option that took several swallowed the paths behind it. */
export const eachTime = (value: string, before?: string[] | false): string[] => [...(before || []), value];

/** By its id or its name; names count within their host. */
export async function findPlan(client: ApiClient, text: string, hostText: string | undefined): Promise<PlanAnswer> {
  const within: Record<string, string> =
    hostText === undefined ? {} : { hostId: (await find(client, 'host', hostText)).id };
  return await find(client, 'plan', text, within);
}

export function planFacts(output: Output, plan: PlanAnswer): void {
  output.facts(plan, [
    ['Plan', plan.id],
    ['Name', plan.name],
    ['Host', plan.host.name],
    ['Repository', `${plan.repository.name} (${plan.repository.id})`],
    ['Paths', plan.paths.join(' ')],
    ['Excludes', plan.excludes.join(' ')],
    ['Created', output.time(plan.createdAt)],
  ]);
}
