import type { Command } from 'commander';
import type { Cli } from '../client/cli.ts';
import { find } from '../client/find.ts';
import { addNounCommands } from '../client/noun-commands.ts';

const times = { '--zone <zone>': 'the time zone of these times, as Europe/Berlin' };
const AT = { '--at <times>': 'five fields as cron has them' };

/** Hidden from help: nothing fires by a schedule yet, and who relied on one would have no backup. */
export const registerSchedules = (program: Command, cli: Cli): Command =>
  addNounCommands(program, cli, {
    noun: 'schedule',
    about: 'when plans are backed up; nothing fires yet',
    hidden: true,
    columns: [
      ['SCHEDULE', ({ id }) => id],
      ['NAME', ({ name }) => name],
      ['PLAN', ({ plan }) => plan.name],
      ['TIMES', ({ spec }) => spec],
      ['ZONE', ({ timeZone }) => timeZone],
      ['STATE', ({ enabled }) => (enabled ? 'on' : 'off')],
    ],
    facts: ({ id, name, plan, spec, timeZone, enabled }) => [
      ['Schedule', id],
      ['Name', name],
      ['Plan', `${plan.name} (${plan.id})`],
      ['Times', `${spec} in ${timeZone}`],
      ['State', enabled ? 'on' : 'off'],
      ['Fires', 'not yet: Holdfast only keeps schedules so far'],
    ],
    options: {
      needed: { '--plan <name|id>': 'the plan that is backed up', ...AT },
      create: times,
      edit: { ...AT, ...times, '--on': 'switch it on', '--off': 'switch it off' },
    },
    body: async ({ plan, at, zone, on, off }, { client }) => ({
      ...(plan && { planId: (await find(client, 'plan', plan)).id }),
      ...(at && { spec: at }),
      ...(zone && { timeZone: zone }),
      ...((on || off) && { enabled: on === true }),
    }),
    examples: { create: 'nightly --plan web --at "30 2 * * *"', edit: 'nightly --at "0 3 * * *"' },
  });
