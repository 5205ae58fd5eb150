import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ChildServer } from '../support/child-server.js';
import { OperatorConsole } from '../support/operator-console.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-embedded-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('works beside a running server with the embedded database, and without one', async () => {
  const operator = new OperatorConsole({ SALLYPORT_DATA_DIR: folder });
  const server = await ChildServer.start(folder);
  const beside = await operator.run(['keys', 'list', '--json']);
  expect([beside.code, beside.errors]).toEqual([0, '']);
  expect(beside.data).toMatchObject({ dataKeys: [{ id: 1 }], masterKeys: [{ dataKeys: 1 }] });
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  server.signal('SIGTERM');
  expect(await server.ended()).toBe(0);
  const alone = await operator.run(['admin', 'reset-password', '--generate', '--json']);
  expect([alone.code, alone.errors]).toEqual([0, '']);
  // Nothing is left behind that would keep the server from starting.
  const again = await ChildServer.start(folder);
  await again.kill();
}, 120_000);
