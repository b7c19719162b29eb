import type { Command } from 'commander';
import { type Cli, openSession } from '../client/cli.ts';
import { CliError, EXIT } from '../output/exit.ts';
import { eachTime, findPlan, planFacts } from './plan.ts';

interface EditOptions {
  host?: string;
  name?: string;
  path?: string[];
  /** False: none any more. */
  exclude?: string[] | false;
}

export function editPlan(plans: Command, cli: Cli): void {
  plans
    .command('edit')
    .argument('<name|id>', 'the plan')
    .option('--host <name|id>', 'the host it belongs to, when several have one of that name')
    .option('--name <name>', 'what people call it from now on')
    .option('--path <path>', 'an absolute path on the host, instead of those it has; once for each', eachTime)
    .option('--exclude <pattern>', 'what to leave out, instead of what it leaves out now; once for each', eachTime)
    .option('--no-exclude', 'leave out nothing')
    .description('change a plan')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast plans edit web --path /srv/www --path /etc/nginx\n  holdfast plans edit web --name website --no-exclude',
    )
    .action(async (text: string, options: EditOptions, command: Command) => {
      const { host, name, path, exclude } = options;
      const change = {
        ...(name === undefined ? {} : { name }),
        ...(path === undefined ? {} : { paths: path }),
        ...(exclude === undefined ? {} : { excludes: exclude || [] }),
      };
      if (Object.keys(change).length === 0)
        throw new CliError(EXIT.usage, 'Say what to change: --name, --path, --exclude or --no-exclude.');
      const { client, output } = openSession(cli, command);
      const plan = await findPlan(client, text, host);
      const changed = await client.patch(`plans/${plan.id}`, change, { ifVersion: plan.version });
      planFacts(output, changed);
    });
}
