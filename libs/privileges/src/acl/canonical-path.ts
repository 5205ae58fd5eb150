import { canonicalName } from '@sallyport/identity';

/** What most paths are made of is canonical as it stands. */
const ALREADY = /^[a-z0-9/_-]*$/;

/**
 * The path with every part in the form names are compared in: `Users/ Alice` means what `users/alice` means, so what a rule says of
 * the one holds for the other (S51).
 */
export function canonicalPath(path: string): string {
  if (ALREADY.test(path)) return path;
  return path
    .split('/')
    .map((part) => canonicalName(part).trim())
    .join('/');
}
