import type { LockedPackage } from './lock-file.ts';

export interface Project {
  name: string;
  version: string;
  license: string;
  dependencies: string[];
}

export interface Component {
  type: 'library' | 'platform';
  'bom-ref': string;
  name: string;
  version: string;
  scope: 'required' | 'optional';
  purl: string;
  hashes?: { alg: 'SHA-512'; content: string }[];
  licenses?: ({ license: { id: string } } | { expression: string })[];
}

export interface BillOfMaterials {
  bomFormat: 'CycloneDX';
  specVersion: '1.6';
  version: 1;
  metadata: { component: object };
  components: Component[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

/**
 * The CycloneDX 1.6 document of what the server runs with: `packages` with version, licence and the hash of what the registry gave, the
 * Node it runs on, and who needs whom. It has neither a time nor a serial number: the same lock file gives the same document.
 * @param licenceOf the licence of a package as an SPDX expression; undefined where it has none.
 */
export function billOfMaterials(
  project: Project,
  packages: LockedPackage[],
  node: string,
  licenceOf: (locked: LockedPackage) => string | undefined,
): BillOfMaterials {
  const byPath = new Map(packages.map((locked) => [locked.path, locked]));
  const root = `${project.name}@${project.version}`;
  const needs = (from: string, names: string[]) =>
    [...new Set(names.flatMap((name) => refOf(resolve(byPath, from, name))))].toSorted();
  // npm may have put the same version at two paths: one component, which needs what either needs.
  const needed = new Map([[root, needs('', project.dependencies)]]);
  for (const locked of packages)
    for (const ref of refOf(locked))
      needed.set(ref, [...new Set([...(needed.get(ref) ?? []), ...needs(locked.path, locked.dependencies)])]);
  const components = new Map(
    packages.map((locked) => [refOf(locked)[0]!, component(locked, licenceOf(locked))]),
  );
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': root,
        name: project.name,
        version: project.version,
        licenses: [{ license: { id: project.license } }],
      },
    },
    components: [
      {
        type: 'platform',
        'bom-ref': `node@${node}`,
        name: 'node',
        version: node,
        scope: 'required',
        purl: `pkg:generic/node@${node}`,
        licenses: [{ license: { id: 'MIT' } }],
      },
      ...components.values(),
    ],
    dependencies: [...needed].map(([ref, dependsOn]) => ({ ref, dependsOn })),
  };
}

function component(
  { name, version, integrity, optional }: LockedPackage,
  licence: string | undefined,
): Component {
  return {
    type: 'library',
    'bom-ref': `${name}@${version}`,
    name,
    version,
    scope: optional ? 'optional' : 'required',
    // The @ of a scope is encoded, its slash is not (purl-spec).
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    ...(integrity?.startsWith('sha512-') && {
      hashes: [
        { alg: 'SHA-512', content: Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex') },
      ],
    }),
    ...(licence !== undefined && {
      licenses: [/ (OR|AND|WITH) /.test(licence) ? { expression: licence } : { license: { id: licence } }],
    }),
  };
}

function refOf(locked: LockedPackage | undefined): string[] {
  return locked === undefined ? [] : [`${locked.name}@${locked.version}`];
}

/** Which package of that name Node finds from there: the nearest `node_modules` upwards. */
function resolve(byPath: Map<string, LockedPackage>, from: string, name: string): LockedPackage | undefined {
  for (let folder = from; ;) {
    const found = byPath.get(`${folder === '' ? '' : `${folder}/`}node_modules/${name}`);
    if (found !== undefined || folder === '') return found;
    const above = folder.lastIndexOf('/node_modules/');
    folder = above === -1 ? '' : folder.slice(0, above);
  }
}
