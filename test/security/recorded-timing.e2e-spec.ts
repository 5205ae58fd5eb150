import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const RECORD = readFileSync(new URL('../../docs/benchmarks.md', import.meta.url), 'utf8');
const LIMIT = 55;

/** Times need a quiet machine: they are measured by `npm run bench`, and what it recorded is judged here. */
it.each([
  ['S05', 'Refused passwords'],
  ['S23', 'Refused codes'],
  ['S42', 'Look-ups by token of what is no live token'],
  ['S42', 'Look-ups by accessor of what is no live token'],
  ['S42', 'Look-ups of oneself of what is no live token'],
  ['S57', 'Refused activation codes'],
])('%s by the recorded times nobody tells apart: %s', (_, title) => {
  const section = RECORD.split(/^## /m).find((part) => part.startsWith(`${title}, by their time\n`))!;
  const measured = section.split('\n').filter((line) => line.startsWith('|') && line.includes(' %'));
  expect(measured.length).toBeGreaterThan(0);
  for (const line of measured) {
    // What was told apart was measured again, and must have been told apart each time.
    const rates = [...line.matchAll(/([\d.]+) %/g)].map(([, rate]) => Number(rate));
    expect([line, Math.min(...rates) < LIMIT]).toEqual([line, true]);
  }
});
