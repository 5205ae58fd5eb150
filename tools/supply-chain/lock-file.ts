import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One package of `package-lock.json`, as it lies at one path below `node_modules`. */
export interface LockedPackage {
  path: string;
  name: string;
  version: string;
  /** Subresource integrity: `sha512-…` in base64. */
  integrity?: string;
  /** Where it was fetched from; absent where npm leaves that to the registry it is told to use. */
  resolved?: string;
  license?: string;
  hasInstallScript: boolean;
  optional: boolean;
  /** Production reaches it: neither a development dependency nor one that only such a one brings (`devOptional`). */
  production: boolean;
  /** Names it asks for. */
  dependencies: string[];
}

interface Entry {
  name?: string;
  version: string;
  integrity?: string;
  resolved?: string;
  license?: unknown;
  hasInstallScript?: boolean;
  optional?: boolean;
  dev?: boolean;
  devOptional?: boolean;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

/** @returns every package but the project itself, by path. */
export function readLockFile(text: string): LockedPackage[] {
  const { packages } = JSON.parse(text) as { packages: Record<string, Entry> };
  return Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, entry]) => ({
      path,
      name: entry.name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version: entry.version,
      integrity: entry.integrity,
      resolved: entry.resolved,
      license: spelled(entry.license),
      hasInstallScript: entry.hasInstallScript === true,
      optional: entry.optional === true,
      production: entry.dev !== true && entry.devOptional !== true,
      dependencies: Object.keys({ ...entry.dependencies, ...entry.optionalDependencies }),
    }));
}

/** The licence a package states in its own package.json, in today's spelling or an older one; undefined where it states none. */
export function installedLicence(root: string, path: string): string | undefined {
  const file = join(root, path, 'package.json');
  if (!existsSync(file)) return undefined;
  const { license, licenses } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  return spelled(license ?? licenses);
}

/** `MIT`, `{ type: 'MIT' }` and lists of either, of which any may be chosen, as one SPDX expression. */
function spelled(license: unknown): string | undefined {
  if (typeof license === 'string') return license;
  if (Array.isArray(license)) return license.map(spelled).join(' OR ') || undefined;
  if (typeof license === 'object' && license !== null && 'type' in license) return spelled(license.type);
  return undefined;
}
