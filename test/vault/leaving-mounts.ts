import { expect } from 'vitest';
import { inLine } from '../support/in-line.js';
import type { VaultAnswer } from './vault-client.js';
import type { World } from './world.js';

/** What names a mount by its accessor finds none where it was disabled, nor where that happens meanwhile. */
export async function mustBeRefusedWhereAMountGoes(
  { root, accessor, server }: World,
  write: (body: { name: string; mount_accessor: string }) => Promise<VaultAnswer>,
): Promise<void> {
  const noMount = (text: string) => ({ errors: [`invalid mount accessor "${text}"`] });
  await root.remove('sys/auth/userpass');
  const detached = await write({ name: 'detached', mount_accessor: accessor });
  await root.write('sys/auth/userpass', { type: 'userpass' });
  expect([detached.status, detached.body]).toEqual([400, noMount(accessor)]);
  await root.write('sys/auth/leaving', { type: 'userpass' });
  const leaving = (await root.read('sys/auth/leaving')).body.data.accessor as string;
  const hold = "SELECT 1 FROM auth_mounts WHERE path = 'leaving' FOR UPDATE";
  const [gone, late] = await inLine(server, hold, [
    () => root.remove('sys/auth/leaving'),
    () => write({ name: 'late', mount_accessor: leaving }),
  ]);
  expect([gone.status, late.status, late.body]).toEqual([204, 400, noMount(leaving)]);
}
