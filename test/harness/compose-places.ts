import type { DockerEngine } from './docker-engine.ts';

/** Where the addresses and programs of the containers are on this machine. */
export interface Places {
  readonly folder: string;
  readonly ports: Readonly<Record<'postgres' | 'temporal' | 'api' | 'gateway', number>>;
  /** More for a service than compose gives it: ports that nobody has to choose inside a container. */
  readonly more: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** By the name that a container calls them. */
  readonly programs: Readonly<Record<string, string>>;
  /** Ours run in containers of this image; without it all are processes of this machine. */
  readonly image?: { readonly engine: DockerEngine; readonly tag: string };
}

/** A text of the compose file with the addresses of this machine in the places of those between containers. */
export function addressHere({ ports }: Places, text: string): string {
  return text
    .replace(/\bpostgres:5432\b/g, `127.0.0.1:${ports.postgres}`)
    .replace(/\btemporal:7233\b/g, `127.0.0.1:${ports.temporal}`)
    .replace(/\b(?:api|127\.0\.0\.1):8080\b/g, `127.0.0.1:${ports.api}`)
    .replace(/\bgateway:7443\b/g, `127.0.0.1:${ports.gateway}`)
    .replace(/^8080$/, String(ports.api))
    .replace(/^7443$/, String(ports.gateway))
    .replace(/^5432$/, String(ports.postgres))
    .replace(/^0\.0\.0\.0$/, '127.0.0.1');
}
