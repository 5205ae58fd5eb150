import { canonicalName } from '@sallyport/identity';

/**
 * The path with every part in the form names are compared in: `Users/ Alice` means what `users/alice` means, so what a rule says of
 * the one holds for the other (S51).
 */
export function canonicalPath(path: string): string {
  return path
    .split('/')
    .map((part) => canonicalName(part).trim())
    .join('/');
}
