import type { LockedPackage } from './lock-file.ts';

const REGISTRY = 'https://registry.npmjs.org/';

/** @returns a line for each package that does not come from the registry, or not with a SHA-512 that pins its content. */
export function unpinnedPackages(packages: LockedPackage[]): string[] {
  return packages.flatMap(({ path, integrity, resolved }) => [
    ...(integrity?.startsWith('sha512-') ? [] : [`${path}: no sha512 integrity`]),
    ...(resolved === undefined || resolved.startsWith(REGISTRY) ? [] : [`${path}: from ${resolved}`]),
  ]);
}

/**
 * @param allowScripts of package.json: whether a package's install script may run; `false` says that we know of it and refuse it.
 * @returns a line for each package with an install script nobody has decided about, and for each decision about none.
 */
export function undecidedScripts(packages: LockedPackage[], allowScripts: Record<string, boolean>): string[] {
  const withScript = new Set(packages.filter((one) => one.hasInstallScript).map((one) => one.name));
  return [
    ...[...withScript]
      .filter((name) => allowScripts[name] === undefined)
      .map((name) => `${name} has an install script and no entry in "allowScripts" of package.json`),
    ...Object.keys(allowScripts)
      .filter((name) => !withScript.has(name))
      .map((name) => `"allowScripts" of package.json decides about ${name}, which has no install script`),
  ];
}
