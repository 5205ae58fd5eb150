import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Config } from '@sallyport/platform';
import { dummyHash } from './password-hash.js';

/** The threads Argon2 runs on: Node's pool, which does little else here. */
const POOL = 'libuv-worker';

/**
 * Lets password hashing give way to whatever else wants the processor (S12): token checks, and PostgreSQL where it is on the same machine,
 * keep their pace while every core is busy with Argon2, which still gets all of it where nothing else wants it. Linux alone has a
 * priority for each thread; elsewhere all stay as they are.
 */
@Injectable()
export class HashThreads implements OnApplicationBootstrap {
  private readonly logger = new Logger('HashThreads');

  constructor(private readonly config: Config) {}

  async onApplicationBootstrap(): Promise<void> {
    // The pool is there once it was used; and no sign-in has to make the dummy (S05).
    await dummyHash();
    if (process.platform !== 'linux' || this.config.hashNiceness === 0) return;
    try {
      for (const thread of poolThreads()) setPriority(thread, this.config.hashNiceness);
    } catch (error) {
      this.logger.warn(`password hashing does not give way to other work: ${(error as Error).message}`);
    }
  }
}

/** Their ids, as the kernel has them. */
function poolThreads(): number[] {
  const nameOf = (thread: string): string => readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim();
  return readdirSync('/proc/self/task')
    .filter((thread) => nameOf(thread) === POOL)
    .map(Number);
}
