import type { EventEmitter } from 'node:events';
import pg from 'pg';
import { Failure } from '../../lib/failure.ts';

/** What of the driver's connection is used here; its types leave it out. */
interface Wire extends EventEmitter {
  readonly stream: { readonly encrypted?: boolean };
}

/**
 * A connection that gives its password to nobody and asks nothing of a server that has not proved to know it too: without TLS only
 * SCRAM does both. While our PostgreSQL is restarted any process of the machine can take its port, and the driver answers
 * whoever asks for the password in clear text.
 */
export class ScramClient extends pg.Client {
  #proved = false;

  constructor(config?: string | pg.ClientConfig) {
    super(config);
    this.#wire.on('authenticationSASLFinal', () => {
      this.#proved = true;
    });
    // Comes last, also where the server asked for nothing at all.
    this.#wire.on('authenticationOk', () => {
      if (!this.#proved) this.#refuse();
    });
  }

  get #wire(): Wire {
    return (this as unknown as { connection: Wire }).connection;
  }

  /** Called by the driver in place of answering; it has no other way to be told which answers are allowed. */
  protected _handleAuthCleartextPassword(message: unknown): void {
    if (!this.#refuse()) this.#inherited('_handleAuthCleartextPassword', message);
  }

  protected _handleAuthMD5Password(message: unknown): void {
    if (!this.#refuse()) this.#inherited('_handleAuthMD5Password', message);
  }

  #inherited(name: string, message: unknown): void {
    (pg.Client.prototype as unknown as Record<string, (message: unknown) => void>)[name]!.call(this, message);
  }

  /** True when the connection was ended. Without a password of ours there is nothing to give away. */
  #refuse(): boolean {
    if (this.#wire.stream.encrypted === true || !this.password) return false;
    const words =
      'The database server did not ask for the password by SCRAM, so that it may be another program on its port. Set password_encryption to scram-sha-256 there and the password anew, or use TLS (sslmode=verify-full).';
    this.#wire.emit('error', new Failure('database-not-proved', words, { fault: 'operator' }));
    void this.end().catch(() => {});
    return true;
  }
}
