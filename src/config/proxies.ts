import { type Environment, PROXY_VARIABLES } from './environment.ts';

/** Said behind a message when a program that may have gone through a proxy could not reach something; else empty. */
export function proxyHint(env: Environment): string {
  const names = PROXY_VARIABLES.filter((name) => env[name] && !/^no_proxy$/i.test(name));
  if (names.length === 0) return '';
  return ` It goes through the proxy of ${names.join(' and ')}: check that one, or name what has to be reached in no_proxy.`;
}

const LOOPBACK = ['localhost', '127.0.0.1', '::1', '[::1]'];

/**
 * The proxies of Node's own fetch, which has none until somebody tells Node to use them; null then. What we reach on
 * this machine is left out of them.
 */
export function nodeProxies(
  env: Environment,
  execArgv: readonly string[],
  bind: string,
): Record<string, string> | null {
  const told = [...execArgv, ...(env.NODE_OPTIONS ?? '').split(' ')];
  if (env.NODE_USE_ENV_PROXY !== '1' && !told.includes('--use-env-proxy')) return null;
  const either = (name: string) => env[name] || env[name.toUpperCase()] || '';
  const direct = [either('no_proxy'), ...LOOPBACK, bind].filter(Boolean).join(',');
  return { http_proxy: either('http_proxy'), https_proxy: either('https_proxy'), no_proxy: direct };
}
