/**
 * Areas inside a layer, left to right: one imports its layer's `core`, its `tables` and areas to its left. What joins areas
 * (an index, an app) stands in the layer's own folder.
 */
export const AREAS = [
  'audit',
  'access',
  'logs',
  'jobs',
  'hosts',
  'backup',
  'schedules',
  'runbooks',
  'deploy',
  'posture',
  'alerts',
  'instance',
] as const;

/** What every area of a layer may use, and what may use none of them. */
const SHARED = ['core', 'tables', 'functions', 'client', 'output', 'watch'];

/** Both are paths below `src/`. True when the import keeps to the order, or is no matter of areas. */
export function keepsOrder(from: string, to: string): boolean {
  const [fromLayer, fromPlace] = placeOf(from);
  const [toLayer, toPlace] = placeOf(to);
  if (fromLayer !== toLayer || toPlace === null || fromPlace === null) return true;
  const [here, there] = [AREAS.indexOf(fromPlace as never), AREAS.indexOf(toPlace as never)];
  if (there === -1) return true;
  return here === -1 ? !SHARED.includes(fromPlace) : there <= here;
}

/** The layer of a file, and the folder right below it. */
function placeOf(path: string): [layer: string, place: string | null] {
  const parts = path.split('/');
  return [parts[0]!, parts.length > 2 ? parts[1]! : null];
}
