import { expect, it } from 'vitest';
import { plainPath } from './original-request.js';

it.each([
  ['/', ''],
  ['/wiki/home', 'wiki/home'],
  ['/wiki/', 'wiki/'],
  ['/wiki/%C3%96?next=/../x', 'wiki/Ö'],
  ['/wiki/a..b/.hidden?x;y#ö', 'wiki/a..b/.hidden'],
])('reads %s as the path "%s"', (uri, path) => {
  expect(plainPath(uri)).toBe(path);
});

it.each([
  '',
  '*',
  'wiki/home',
  'http://elsewhere/wiki',
  '//elsewhere/wiki',
  '/wiki//home',
  '/wiki/../other',
  '/wiki/..',
  '/wiki/./home',
  '/wiki/%2e%2e/other',
  '/wiki/.%2E/other',
  '/wiki/%252e%252e/other',
  '/wiki/..;a=b/other',
  // Tomcat and others read `/wiki/secret`, which a policy may deny.
  '/wiki/secret;a=b',
  '/wiki/secret%3Ba=b',
  '/wiki/;/home',
  // Node and others read `/wiki/secret`.
  '/wiki/open#/../secret',
  // What a header brings of the bytes of `/wiki/é`.
  '/wiki/\u00c3\u00a9',
  '/wiki/home two',
  '/wiki/a%2fb',
  '/wiki/a%5Cb',
  '/wiki/a\\b',
  '/wiki/%00',
  '/wiki/%0d%0a',
  '/wiki/%zz',
  '/wiki/%c3',
])('S81 does not judge "%s", which can be read in more than one way', (uri) => {
  expect(() => plainPath(uri)).toThrow(
    expect.objectContaining({ kind: 'forbidden', code: 'original-path-unclear' }),
  );
});
