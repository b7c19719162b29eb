import { VARIABLES } from './schema.ts';

/** The documentation table; a test holds `docs/configuration.md` against it. */
export function configurationTable(): string {
  const rows = VARIABLES.map(
    (v) =>
      `| \`${v.name}\`${v.secret ? ` or \`${v.name}_FILE\`` : ''} | ${v.default.replaceAll('|', '\\|')} | ${v.readers.join(', ')} | ${v.about} |`,
  );
  return ['| variable | default | read by | meaning |', '| --- | --- | --- | --- |', ...rows, ''].join('\n');
}
