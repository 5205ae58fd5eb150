import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KEY_INVENTORY } from '@sallyport/platform';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const DOCUMENT = readFileSync(join(ROOT, 'docs/keys.md'), 'utf8');

/** Of node:crypto these hold no key and choose no algorithm. */
const PLAIN = /^(random\w+|timingSafeEqual|X509Certificate|type \w+|KeyObject)$/;
const PACKAGES = /(?:from |import\()'(@node-rs\/argon2|selfsigned|jose|otplib|@otplib\/[^']+)'/;

function rowsUnder(heading: string): string[][] {
  const [, section = ''] = DOCUMENT.split(`## ${heading}\n`);
  return section
    .split('\n## ')[0]!
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(1)
    .map((line) => line.slice(2, -2).split(' | '));
}

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('spec.ts'))
    .map((name) => `${folder}/${name}`);
}

function usesCryptography(text: string): boolean {
  const [, imported = ''] = /import \{([^}]*)\} from 'node:crypto'/.exec(text) ?? [];
  const names = imported.split(',').map((name) => name.trim());
  return names.some((name) => name !== '' && !PLAIN.test(name)) || PACKAGES.test(text);
}

it('S71 the committed inventory says what the console says', () => {
  expect(rowsUnder('Keys')).toEqual(
    KEY_INVENTORY.map(({ name, algorithm, place, owner, days, rotation }) => [
      name,
      algorithm,
      place,
      owner,
      days === null ? '-' : `${days} days`,
      rotation,
    ]),
  );
});

it('S71 every file that does cryptography is in the inventory, and no other', () => {
  const found = [...sources('apps'), ...sources('libs')].filter((file) =>
    usesCryptography(readFileSync(join(ROOT, file), 'utf8')),
  );
  expect(rowsUnder('Where the code does cryptography').map(([file]) => file!.replaceAll('`', ''))).toEqual(
    found.toSorted(),
  );
});
