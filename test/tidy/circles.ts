import { importsOf, type SourceFile } from './source.ts';

/** The files of each circle of imports, types too, as one line. Tarjan's strongly connected components. */
export function circlesOf(files: readonly SourceFile[]): string[] {
  const inSrc = (path: string) => path.slice('src/'.length);
  const edges = new Map(files.map((file) => [inSrc(file.path), importsOf(file).map(({ from }) => from)]));
  const seen = new Map<string, { index: number; low: number; open: boolean }>();
  const stack: string[] = [];
  const circles: string[] = [];
  const visit = (file: string): { index: number; low: number; open: boolean } => {
    const mark = { index: seen.size, low: seen.size, open: true };
    seen.set(file, mark);
    stack.push(file);
    for (const next of edges.get(file)!) {
      if (!edges.has(next)) continue;
      const known = seen.get(next);
      if (known === undefined) mark.low = Math.min(mark.low, visit(next).low);
      else if (known.open) mark.low = Math.min(mark.low, known.index);
    }
    if (mark.low !== mark.index) return mark;
    const circle = stack.splice(stack.indexOf(file));
    for (const member of circle) seen.get(member)!.open = false;
    if (circle.length > 1) circles.push(circle.sort().join(', '));
    return mark;
  };
  for (const file of edges.keys()) if (!seen.has(file)) visit(file);
  return circles.sort();
}
