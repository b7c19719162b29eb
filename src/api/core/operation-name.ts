const VERBS: Readonly<Record<string, string>> = { POST: 'create', PATCH: 'change', PUT: 'set', DELETE: 'remove' };

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
const pascal = (segment: string): string =>
  segment
    .split(/[^a-z0-9]+/)
    .map(capital)
    .join('');
const singular = (noun: string): string => noun.replace(/ies$/, 'y').replace(/s$/, '');

/**
 * What a generated client calls a route: `listJobs`, `getJob`, `createPlan`, `cancelJob`, `setRepositoryCredentials`. It follows
 * from method and path, which are stable, so that no route can be without or change its name by itself.
 */
export function operationName(method: string, url: string): string {
  const segments = url
    .replace(/^\/api\/v1/, '')
    .split('/')
    .filter((segment) => segment !== '');
  const last = segments.at(-1) ?? '';
  const isItem = last.startsWith(':');
  // In front of an id stands the list that it is one of.
  const words = segments.flatMap((segment, at) => {
    if (segment.startsWith(':')) return [];
    return pascal(segments[at + 1]?.startsWith(':') ? singular(segment) : segment);
  });
  if (method === 'GET') return `${isItem || !/s$/.test(last) ? 'get' : 'list'}${words.join('') || 'Start'}`;
  // A verb behind an id: POST /jobs/:id/cancel.
  if (method === 'POST' && segments.length === 3) return `${last}${words[0]}`;
  return `${VERBS[method] ?? method.toLowerCase()}${[...words.slice(0, -1), method === 'POST' ? singular(words.at(-1)!) : words.at(-1)].join('')}`;
}

/** The part of the API that a route belongs to. */
export function tagOf(url: string): string {
  return (
    /^\/api\/v1\/([a-z-]+)/.exec(url)?.[1]?.replace('job-kinds', 'jobs').replace('openapi', 'instance') ?? 'instance'
  );
}
