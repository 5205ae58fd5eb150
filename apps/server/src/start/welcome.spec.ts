import { readConfig } from '@sallyport/platform';
import { expect, it } from 'vitest';
import { Welcome } from './welcome.js';

const welcome = new Welcome(
  readConfig({ SALLYPORT_DATA_DIR: '/srv/data' }),
  [
    { scheme: 'http', host: '127.0.0.1', port: 8200 },
    { scheme: 'https', host: '::1', port: 8443 },
  ],
  '/srv/data/bootstrap.json',
  { address: '127.0.0.1', port: 9464, family: 'IPv4' },
);

it('greets a person at a terminal line by line', () => {
  expect(welcome.banner).toBe(`
Sallyport is up.
  listens at         http://127.0.0.1:8200   (/admin and /v1)
  listens at         https://[::1]:8443   (/admin and /v1)
  documentation      http://127.0.0.1:8200/docs
  first credentials  /srv/data/bootstrap.json
  metrics            http://127.0.0.1:9464/metrics
  data               /srv/data

`);
});

it('says the same in one line of the log', () => {
  expect(welcome.line).toBe(
    'Sallyport is up. listens at http://127.0.0.1:8200, listens at https://[::1]:8443, documentation http://127.0.0.1:8200/docs, first credentials /srv/data/bootstrap.json, metrics http://127.0.0.1:9464/metrics, data /srv/data',
  );
});
