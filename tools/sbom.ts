import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { billOfMaterials, type BillOfMaterials, type Project } from './supply-chain/bill-of-materials.ts';
import { readByHand } from './supply-chain/licences.ts';
import { installedLicence, type LockedPackage, readLockFile } from './supply-chain/lock-file.ts';

const ROOT = join(import.meta.dirname, '..');

/** The software bill of materials of what production installs here, beside what was built. */
export const BILL = 'dist/sbom.cdx.json';

/** @returns the bill of the production packages that lie in `node_modules` of this folder. */
export function readBill(root = ROOT): BillOfMaterials {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    license: string;
    dependencies: Record<string, string>;
    optionalDependencies?: Record<string, string>;
  };
  const project: Project = {
    ...manifest,
    dependencies: Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }),
  };
  const packages = readLockFile(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const present = packages.filter(({ path, production }) => production && existsSync(join(root, path)));
  return billOfMaterials(project, present, process.versions.node, (locked) => licenceOf(root, locked));
}

/** As the lock file says it, else the package itself, else whoever has read its texts. */
export function licenceOf(root: string, { path, name, version, license }: LockedPackage): string | undefined {
  return license ?? installedLicence(root, path) ?? readByHand(name, version);
}

/** Writes it to `dist/sbom.cdx.json`. */
export function writeBill(): void {
  const bill = readBill();
  mkdirSync(dirname(join(ROOT, BILL)), { recursive: true });
  writeFileSync(join(ROOT, BILL), `${JSON.stringify(bill, null, 2)}\n`);
  process.stdout.write(`${BILL}: ${bill.components.length} components\n`);
}

if (import.meta.main) writeBill();
