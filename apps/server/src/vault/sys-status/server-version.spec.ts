import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { SALLYPORT_VERSION } from './server-version.js';

it('reports the version of the package', () => {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(SALLYPORT_VERSION).toBe(manifest.version);
});
