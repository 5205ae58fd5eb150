import type { ResultantAcl } from '@sallyport/privileges';

/**
 * Whether somebody may do anything under a mount, as far as their patterns tell: what user interfaces show them.
 * @param prefix the mount's path with its trailing slash, such as `auth/userpass/`.
 */
export function reachesMount(
  { root, exact_paths: exact, glob_paths: globs }: ResultantAcl,
  prefix: string,
): boolean {
  if (root) return true;
  const given = (paths: ResultantAcl['exact_paths']) =>
    Object.entries(paths)
      .filter(([, { capabilities }]) => !capabilities.includes('deny'))
      .map(([path]) => path);
  return (
    given(exact).some((path) => path.startsWith(prefix)) ||
    given(globs).some((path) => overlaps(path, prefix))
  );
}

/** Whether a pattern, its last `*` left off, can match a path under the prefix; `+` stands for one segment. */
function overlaps(pattern: string, prefix: string): boolean {
  const wanted = pattern.replace(/\*$/, '').split('/');
  const mount = prefix.replace(/\/$/, '').split('/');
  return mount.every((segment, index) => {
    const part = wanted[index];
    if (part === undefined || part === '+' || part === segment) return true;
    return index === wanted.length - 1 && segment.startsWith(part);
  });
}
