import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readBill } from '../../tools/sbom.js';
import { readAdvisories } from '../../tools/supply-chain/advisories.js';
import { billOfMaterials } from '../../tools/supply-chain/bill-of-materials.js';
import { refusedLicences } from '../../tools/supply-chain/licences.js';
import { readLockFile } from '../../tools/supply-chain/lock-file.js';
import { undecidedScripts, unpinnedPackages } from '../../tools/supply-chain/sources.js';

const ROOT = join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

const advisory = (severity: string) => ({
  name: 'leaky',
  severity,
  range: '<1.2.3',
  via: [{ title: 'Reads what it should not', url: 'https://github.com/advisories/GHSA-1' }],
});
const report = (...severities: string[]) =>
  JSON.stringify({
    auditReportVersion: 2,
    vulnerabilities: Object.fromEntries(severities.map((severity) => [severity, advisory(severity)])),
  });

/** A lock file with these packages. */
const locked = (packages: Record<string, object>) =>
  readLockFile(JSON.stringify({ packages: { '': { name: 'project' }, ...packages } }));

describe('advisories', () => {
  it('S97 counts from the given severity on, and says what and where', () => {
    expect(readAdvisories(report('low', 'moderate', 'critical'), 'moderate')).toEqual({
      asked: true,
      found: [
        'moderate: leaky <1.2.3: Reads what it should not https://github.com/advisories/GHSA-1',
        'critical: leaky <1.2.3: Reads what it should not https://github.com/advisories/GHSA-1',
      ],
      lesser: 1,
    });
    expect(readAdvisories(report('low', 'moderate'), 'high')).toEqual({ asked: true, found: [], lesser: 2 });
  });

  it('S97 names the package through which another is affected', () => {
    const through = { vulnerabilities: { a: { name: 'a', severity: 'high', range: '*', via: ['leaky'] } } };
    expect(readAdvisories(JSON.stringify(through), 'high')).toMatchObject({ found: ['high: a *: by leaky'] });
  });

  it('S97 knows a clean answer from none', () => {
    expect(readAdvisories(report(), 'moderate')).toEqual({ asked: true, found: [], lesser: 0 });
    expect(
      readAdvisories(
        JSON.stringify({
          message: '405 Method Not Allowed - POST https://registry.example/bulk',
          statusCode: 405,
        }),
        'moderate',
      ),
    ).toEqual({ asked: false, reason: '405 Method Not Allowed - POST https://registry.example/bulk' });
    expect(
      readAdvisories('{"error":{"code":"ENOAUDIT","summary":"no network\\nat all"}}', 'moderate'),
    ).toEqual({ asked: false, reason: 'no network' });
    expect(readAdvisories('npm: command not found', 'moderate')).toEqual({
      asked: false,
      reason: 'npm: command not found',
    });
    for (const nothing of ['', 'null', '{}', '[]'])
      expect(readAdvisories(nothing, 'moderate')).toMatchObject({ asked: false });
  });
});

describe('licences', () => {
  const one = (licence: string | undefined, production = true) =>
    refusedLicences([{ name: 'x', version: '1.0.0', production, licence }]);

  it('S97 takes permissive ones, also one of several to choose from', () => {
    for (const licence of ['MIT', 'Apache-2.0', '(MIT OR GPL-3.0)', 'MIT AND ISC', '0BSD'])
      expect(one(licence)).toEqual([]);
  });

  it('S97 refuses what asks for more, what is unknown and what is not stated', () => {
    expect(one('GPL-3.0')).toEqual(['x@1.0.0 (production): GPL-3.0']);
    expect(one('MIT AND GPL-3.0')).toHaveLength(1);
    expect(one('SEE LICENSE IN FILE')).toHaveLength(1);
    expect(one(undefined)).toEqual(['x@1.0.0 (production): no licence stated']);
  });

  it('S97 takes MPL-2.0 in development only', () => {
    expect(one('MPL-2.0', false)).toEqual([]);
    expect(one('MPL-2.0')).toEqual(['x@1.0.0 (production): MPL-2.0']);
    expect(one('AGPL-3.0', false)).toEqual(['x@1.0.0 (development): AGPL-3.0']);
  });
});

describe('sources', () => {
  it('S97 wants every package pinned by its hash and from the registry', () => {
    expect(
      unpinnedPackages(
        locked({
          'node_modules/good': { version: '1.0.0', integrity: 'sha512-AA==' },
          'node_modules/told': {
            version: '1.0.0',
            integrity: 'sha512-AA==',
            resolved: 'https://registry.npmjs.org/told/-/told-1.0.0.tgz',
          },
          'node_modules/weak': { version: '1.0.0', integrity: 'sha1-AA==' },
          'node_modules/git': { version: '1.0.0', resolved: 'git+ssh://git@github.com/a/b.git#0' },
        }),
      ),
    ).toEqual([
      'node_modules/weak: no sha512 integrity',
      'node_modules/git: no sha512 integrity',
      'node_modules/git: from git+ssh://git@github.com/a/b.git#0',
    ]);
  });

  it('S97 wants a decision about every install script, and none about what has no script', () => {
    const packages = locked({
      'node_modules/runs': { version: '1.0.0', hasInstallScript: true },
      'node_modules/a/node_modules/@b/new': { version: '1.0.0', hasInstallScript: true },
    });
    expect(undecidedScripts(packages, { runs: true, gone: false })).toEqual([
      '@b/new has an install script and no entry in "allowScripts" of package.json',
      '"allowScripts" of package.json decides about gone, which has no install script',
    ]);
    expect(undecidedScripts(packages, { runs: true, '@b/new': false })).toEqual([]);
  });
});

describe('the bill of materials', () => {
  it('S97 lists each production dependency that is installed, with version, licence and hash', () => {
    const bill = readBill();
    const lock = readLockFile(read('package-lock.json'));
    const production = lock.filter(({ path, production }) => production && existsSync(join(ROOT, path)));
    expect(production.length).toBeGreaterThan(100);
    for (const { name, version, integrity } of production) {
      const component = bill.components.find((one) => one['bom-ref'] === `${name}@${version}`);
      expect(component, name).toMatchObject({ name, version });
      expect(component!.licenses, name).toHaveLength(1);
      const hash = Buffer.from(component!.hashes![0]!.content, 'hex').toString('base64');
      expect(`sha512-${hash}`).toBe(integrity);
    }
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
    expect(bill.dependencies[0]!.dependsOn).toEqual(
      expect.arrayContaining(Object.entries(dependencies).map(([name, version]) => `${name}@${version}`)),
    );
  });

  it('S97 lists nothing of development', () => {
    const names = new Set(readBill().components.map(({ name }) => name));
    for (const name of ['vitest', 'typescript', 'prettier', '@nestjs/cli', 'better-auth'])
      expect(names.has(name)).toBe(false);
  });

  it('S97 names only what it lists, and is the same twice', () => {
    const bill = readBill();
    const refs = new Set(bill.components.map((one) => one['bom-ref']));
    expect(bill.dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !refs.has(ref))).toEqual(
      [],
    );
    expect(refs.size).toBe(bill.components.length);
    expect(JSON.stringify(readBill())).toBe(JSON.stringify(bill));
  });

  it('S97 follows each package to the version Node would find', () => {
    const packages = locked({
      'node_modules/a': { version: '1.0.0', dependencies: { b: '^2' } },
      'node_modules/a/node_modules/b': { version: '2.0.0', dependencies: { c: '*' } },
      'node_modules/b': { version: '1.0.0' },
      'node_modules/c': { version: '3.0.0', optionalDependencies: { absent: '*' } },
    });
    const project = { name: 'project', version: '0.0.1', license: 'MIT', dependencies: ['a', 'b'] };
    const bill = billOfMaterials(project, packages, '24.0.0', () => 'MIT OR ISC');
    expect(bill.dependencies).toEqual([
      { ref: 'project@0.0.1', dependsOn: ['a@1.0.0', 'b@1.0.0'] },
      { ref: 'a@1.0.0', dependsOn: ['b@2.0.0'] },
      { ref: 'b@2.0.0', dependsOn: ['c@3.0.0'] },
      { ref: 'b@1.0.0', dependsOn: [] },
      { ref: 'c@3.0.0', dependsOn: [] },
    ]);
    expect(bill.components[1]).toEqual({
      type: 'library',
      'bom-ref': 'a@1.0.0',
      name: 'a',
      version: '1.0.0',
      scope: 'required',
      purl: 'pkg:npm/a@1.0.0',
      licenses: [{ expression: 'MIT OR ISC' }],
    });
  });
});
