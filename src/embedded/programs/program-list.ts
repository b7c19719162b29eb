/** The outside programs Holdfast starts, and how each is built and recognised. Versions are those of tools/<module>/go.mod. */
export type ProgramName = 'temporal-server' | 'temporal-sql' | 'temporal-ui' | 'restic';

export interface ProgramRecipe<Name extends string = ProgramName> {
  name: Name;
  version: string;
  /** Folder under tools/ with the pinned module. */
  module: string;
  /** The Go package of the command. */
  pkg: string;
  buildArgs: string[];
  versionArgs: string[];
  /** Takes the version out of what the program says about itself; no match means: it is another program. */
  says: RegExp;
  /** Whether one found in PATH or named by the operator will do. */
  accepts(version: string): boolean;
  wanted: string;
}

function atLeast(version: string, major: number, minor: number): boolean {
  const [a = 0, b = 0] = version.split('.').map(Number);
  return a > major || (a === major && b >= minor);
}

export const PROGRAMS: Record<ProgramName, ProgramRecipe> = {
  'temporal-server': {
    name: 'temporal-server',
    version: '1.32.1',
    module: 'temporal',
    pkg: 'go.temporal.io/server/cmd/server',
    // Without the tag grpc's cloud modules come along: 211 instead of 136 MB, and 70 s more to build.
    buildArgs: ['-tags=disable_grpc_modules'],
    versionArgs: ['--version'],
    says: /^temporal version (\d+\.\d+\.\d+)/m,
    accepts: (version) => version.startsWith('1.32.'),
    wanted: '1.32.x',
  },
  'temporal-sql': {
    name: 'temporal-sql',
    version: '1.32.1',
    module: 'temporal',
    pkg: 'go.temporal.io/server/cmd/tools/sql',
    buildArgs: ['-tags=disable_grpc_modules'],
    versionArgs: ['--version'],
    says: /^temporal-sql-tool version (\d+\.\d+\.\d+)/m,
    accepts: (version) => version.startsWith('1.32.'),
    wanted: '1.32.x',
  },
  'temporal-ui': {
    name: 'temporal-ui',
    version: '2.54.1',
    module: 'temporal-ui',
    pkg: 'github.com/temporalio/ui-server/v2/cmd/server',
    buildArgs: [],
    versionArgs: ['--version'],
    says: /^Temporal UI version v?(\d+\.\d+\.\d+)/m,
    accepts: (version) => atLeast(version, 2, 42),
    wanted: '2.42 or newer',
  },
  restic: {
    name: 'restic',
    version: '0.18.1',
    module: 'restic',
    pkg: 'github.com/restic/restic/cmd/restic',
    buildArgs: [],
    versionArgs: ['version'],
    says: /^restic (\d+\.\d+\.\d+)/m,
    accepts: (version) => atLeast(version, 0, 14),
    wanted: '0.14 or newer',
  },
};

/** HOLDFAST_PROGRAM_TEMPORAL_SERVER and so on: the variable by which an operator names a program. */
export function overrideVariable(name: string): string {
  return `HOLDFAST_PROGRAM_${name.toUpperCase().replaceAll('-', '_')}`;
}
