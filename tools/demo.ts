import { buildWhenNeeded } from './build.ts';
import { offerSpentCode, signInAtAdmin } from './demo/appgate-sign-in.ts';
import { Caller } from './demo/caller.ts';
import { showTitle } from './demo/shown.ts';
import { startThrowawayServer } from './demo/throwaway-server.ts';
import { signInAtVault } from './demo/vault-sign-in.ts';

/** Both sign-ins, by the wire alone: what a newcomer runs first. Needs no server, leaves nothing behind. */
buildWhenNeeded();
process.stdout.write('Starting a throwaway server …\n');
const server = await startThrowawayServer();
try {
  const wire = new Caller(server.url);
  showTitle('An administrator signs in at /admin');
  await signInAtAdmin(wire, server);
  showTitle('A user signs in at /v1');
  const spent = await signInAtVault(wire, server);
  showTitle('One core: the code is spent for /admin too');
  await offerSpentCode(wire, spent);
  process.stdout.write('\nBoth sign-ins are done. The server is stopped and its data removed.\n');
} finally {
  await server.stop();
}
