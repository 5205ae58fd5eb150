import { canonicalName } from '@sallyport/identity';
import type { Installation } from '@sallyport/platform';

/** What tries under a name nobody has are counted under (S10). @param place the provider's id, or the name of an unknown one. */
export function unknownSubject(installation: Installation, place: string, username: string): string {
  return installation.keyedHash(JSON.stringify([place, canonicalName(username)]));
}
