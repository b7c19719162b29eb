import type { SourceFile } from './source.ts';

const EXPORTED = /^export (?:declare )?(?:abstract )?(?:class|interface|type) (\w+)/gm;

/** Exported types, interfaces and classes whose name stands for another thing in another file: each with its files. */
export function sharedNames(files: readonly SourceFile[]): string[] {
  const places = Map.groupBy(
    files.flatMap(({ path, text }) =>
      [...new Set([...text.matchAll(EXPORTED)].map(([, name]) => name!))].map((name) => ({ name, path })),
    ),
    ({ name }) => name,
  );
  return [...places].flatMap(([name, found]) =>
    found.length > 1 ? [`${name}: ${found.map(({ path }) => path).join(', ')}`] : [],
  );
}
