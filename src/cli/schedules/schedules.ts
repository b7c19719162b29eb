import type { Command } from 'commander';
import type { Answer } from '../client/answer.ts';
import { type Cli, openSession } from '../client/cli.ts';
import { find } from '../client/find.ts';
import { CliError, EXIT } from '../output/exit.ts';
import type { Output } from '../output/output.ts';

interface Times {
  at?: string;
  zone?: string;
  name?: string;
  plan?: string;
  /** True and false when said; an option and its `no` twin. */
  on?: boolean;
  off?: boolean;
}

function scheduleFacts(output: Output, schedule: Answer): void {
  output.facts(schedule, [
    ['Schedule', schedule.id],
    ['Name', schedule.name],
    ['Plan', `${schedule.plan.name} (${schedule.plan.id})`],
    ['Times', `${schedule.spec} in ${schedule.timeZone}`],
    ['State', schedule.enabled ? 'on' : 'off'],
    ['Fires', 'not yet: Holdfast only keeps schedules so far'],
  ]);
}

const bodyOf = ({ at, zone, name, on, off }: Times) => ({
  ...(name === undefined ? {} : { name }),
  ...(at === undefined ? {} : { spec: at }),
  ...(zone === undefined ? {} : { timeZone: zone }),
  ...(on ? { enabled: true } : off ? { enabled: false } : {}),
});

/** Hidden from help: nothing fires by a schedule yet, and who relied on one would have no backup. */
export function registerSchedules(program: Command, cli: Cli): void {
  const schedules = program
    .command('schedules', { hidden: true })
    .description('when plans are backed up; nothing fires yet')
    .addHelpText('after', '\nExample:\n  holdfast schedules list');
  listSchedules(schedules, cli);
  createSchedule(schedules, cli);
  showSchedule(schedules, cli);
  editSchedule(schedules, cli);
  removeSchedule(schedules, cli);
}

function listSchedules(schedules: Command, cli: Cli): void {
  schedules
    .command('list')
    .description('list schedules')
    .addHelpText('after', '\nExample:\n  holdfast schedules list')
    .action(async (_options: unknown, command: Command) => {
      const { client, output } = openSession(cli, command);
      output.list(
        await client.list('schedules', {}),
        [
          ['SCHEDULE', (s: Answer) => s.id],
          ['NAME', (s: Answer) => s.name],
          ['PLAN', (s: Answer) => s.plan.name],
          ['TIMES', (s: Answer) => s.spec],
          ['ZONE', (s: Answer) => s.timeZone],
          ['STATE', (s: Answer) => (s.enabled ? 'on' : 'off')],
        ],
        'There are no schedules.',
      );
    });
}

function createSchedule(schedules: Command, cli: Cli): void {
  schedules
    .command('create')
    .argument('<name>', 'what people call it')
    .requiredOption('--plan <name|id>', 'the plan that is backed up')
    .requiredOption('--at <times>', 'five fields as cron has them')
    .option('--zone <zone>', 'the time zone of these times; UTC unless told')
    .description('make a schedule')
    .addHelpText(
      'after',
      '\nExample:\n  holdfast schedules create nightly --plan web --at "30 2 * * *" --zone Europe/Berlin',
    )
    .action(async (name: string, options: Times, command: Command) => {
      const { client, output } = openSession(cli, command);
      const { id: planId } = await find(client, 'plan', options.plan!);
      scheduleFacts(output, await client.post('schedules', { ...bodyOf(options), name, planId }, { creates: true }));
    });
}

function showSchedule(schedules: Command, cli: Cli): void {
  schedules
    .command('show')
    .argument('<name|id>', 'the schedule')
    .description('show one schedule')
    .addHelpText('after', '\nExample:\n  holdfast schedules show nightly')
    .action(async (text: string, _options: unknown, command: Command) => {
      const { client, output } = openSession(cli, command);
      scheduleFacts(output, await find(client, 'schedule', text));
    });
}

function editSchedule(schedules: Command, cli: Cli): void {
  schedules
    .command('edit')
    .argument('<name|id>', 'the schedule')
    .option('--name <name>', 'what people call it from now on')
    .option('--at <times>', 'five fields as cron has them')
    .option('--zone <zone>', 'the time zone of these times')
    .option('--on', 'switch it on')
    .option('--off', 'switch it off')
    .description('change a schedule')
    .addHelpText('after', '\nExample:\n  holdfast schedules edit nightly --at "0 3 * * *"')
    .action(async (text: string, options: Times, command: Command) => {
      const body = bodyOf(options);
      if (Object.keys(body).length === 0)
        throw new CliError(EXIT.usage, 'Say what to change: --name, --at, --zone, --on or --off.');
      const { client, output } = openSession(cli, command);
      const { id, version } = await find(client, 'schedule', text);
      scheduleFacts(output, await client.patch(`schedules/${id}`, body, { ifVersion: version }));
    });
}

function removeSchedule(schedules: Command, cli: Cli): void {
  schedules
    .command('remove')
    .argument('<name|id>', 'the schedule')
    .description('remove a schedule')
    .addHelpText('after', '\nExample:\n  holdfast schedules remove nightly')
    .action(async (text: string, _options: unknown, command: Command) => {
      const { client, output } = openSession(cli, command);
      const schedule = await find(client, 'schedule', text);
      await client.delete(`schedules/${schedule.id}`);
      output.facts({ removed: schedule }, [['Removed', `schedule ${schedule.name}`]]);
    });
}
