import type { Command } from 'commander';
import type { PlanAnswer } from '../client/api-types.ts';
import { type Cli, openSession } from '../client/cli.ts';
import { find } from '../client/find.ts';
import { none } from '../output/none.ts';
import { eachTime, findPlan, planFacts } from './plan.ts';
import { editPlan } from './plan-edit.ts';

interface CreateOptions {
  host: string;
  repository: string;
  exclude?: string[];
}

export function registerPlans(program: Command, cli: Cli): void {
  const plans = program
    .command('plans')
    .description('which folders go where')
    .addHelpText('after', '\nExample:\n  holdfast plans list');
  listPlans(plans, cli);
  createPlan(plans, cli);
  showPlan(plans, cli);
  editPlan(plans, cli);
  removePlan(plans, cli);
}

function listPlans(plans: Command, cli: Cli): void {
  plans
    .command('list')
    .option('--host <name|id>', 'only of this host')
    .description('list plans')
    .addHelpText('after', '\nExample:\n  holdfast plans list --host local')
    .action(async (options: { host?: string }, command: Command) => {
      const { client, output } = openSession(cli, command);
      const host = options.host === undefined ? null : await find(client, 'host', options.host);
      output.list(
        await client.list('plans', { hostId: host?.id }),
        [
          ['PLAN', (p: PlanAnswer) => p.id],
          ['NAME', (p: PlanAnswer) => p.name],
          ['HOST', (p: PlanAnswer) => p.host.name],
          ['REPOSITORY', (p: PlanAnswer) => p.repository.name],
          ['PATHS', (p: PlanAnswer) => p.paths.join(' ')],
        ],
        none('plans', 'Make one with its first backup: holdfast backup now /etc', { 'of host': host?.name }),
      );
    });
}

function createPlan(plans: Command, cli: Cli): void {
  plans
    .command('create')
    .argument('<name>', 'what people call it')
    .argument('<paths...>', 'absolute paths on the host')
    .requiredOption('--host <name|id>', 'the host whose folders they are')
    .requiredOption('--repository <name|id>', 'where they go')
    .option('--exclude <pattern>', 'what to leave out, as restic takes it; once for each', eachTime)
    .description('make a plan')
    .addHelpText(
      'after',
      '\nExample:\n  holdfast plans create web /srv/www /etc/nginx --host local --repository local --exclude "*.tmp"',
    )
    .action(async (name: string, paths: string[], options: CreateOptions, command: Command) => {
      const { client, output } = openSession(cli, command);
      const host = await find(client, 'host', options.host);
      const repository = await find(client, 'repository', options.repository);
      const body = { name, hostId: host.id, repositoryId: repository.id, paths, excludes: options.exclude ?? [] };
      planFacts(output, await client.post('plans', body, { creates: true }));
    });
}

function showPlan(plans: Command, cli: Cli): void {
  plans
    .command('show')
    .argument('<name|id>', 'the plan')
    .option('--host <name|id>', 'the host it belongs to, when several have one of that name')
    .description('show one plan')
    .addHelpText('after', '\nExample:\n  holdfast plans show web')
    .action(async (text: string, options: { host?: string }, command: Command) => {
      const { client, output } = openSession(cli, command);
      planFacts(output, await findPlan(client, text, options.host));
    });
}

function removePlan(plans: Command, cli: Cli): void {
  plans
    .command('remove')
    .argument('<name|id>', 'the plan')
    .option('--host <name|id>', 'the host it belongs to, when several have one of that name')
    .description('remove a plan; its jobs, their logs and its snapshots stay')
    .addHelpText('after', '\nExample:\n  holdfast plans remove web')
    .action(async (text: string, options: { host?: string }, command: Command) => {
      const { client, output } = openSession(cli, command);
      const plan = await findPlan(client, text, options.host);
      await client.delete(`plans/${plan.id}`);
      output.facts({ removed: plan }, [
        ['Removed', `plan ${plan.name} of ${plan.host.name}`],
        ['Stays', `its snapshots in the repository ${plan.repository.name}, its jobs and their logs`],
      ]);
    });
}
