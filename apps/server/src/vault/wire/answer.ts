import { refuse } from './vault-error.js';

/** What an enveloped path answers with 200 (§2.3). A handler that returns nothing answers 204. */
export class Answer {
  private constructor(
    readonly data: unknown,
    readonly auth: unknown,
    readonly warnings: readonly string[],
  ) {}

  /** Data, with warnings if any. */
  static data(data: object, warnings: readonly string[] = []): Answer {
    return new Answer(data, null, warnings);
  }

  /** The object read, or 404 `{"errors":[]}` where there is none. */
  static found(data: object | null): Answer {
    if (data === null) throw refuse(404);
    return Answer.data(data);
  }

  /** The `auth` block of a login or renewal. */
  static auth(auth: object, warnings: readonly string[] = []): Answer {
    return new Answer(null, auth, warnings);
  }

  /** Nothing but warnings: 200 with `data: null`. */
  static warning(...warnings: string[]): Answer {
    return new Answer(null, null, warnings);
  }

  /** A list: its keys, and what is known of each. Throws 404 `{"errors":[]}` for an empty one. */
  static list(keys: readonly string[], keyInfo?: Record<string, unknown>): Answer {
    if (keys.length === 0) throw refuse(404);
    return Answer.data(keyInfo === undefined ? { keys } : { keys, key_info: keyInfo });
  }
}
