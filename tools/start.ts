import { join } from 'node:path';
import { buildWhenNeeded } from './build.ts';
import { MALLOC_SETTINGS, NODE_FLAGS } from './node-command.ts';

buildWhenNeeded();
// The server takes this process's place, so that signals reach it. What the caller has chosen for Node or glibc wins.
const server = join(import.meta.dirname, '../dist/bundle/server.js');
process.execve!(process.execPath, [process.execPath, ...NODE_FLAGS, ...process.execArgv, server], {
  ...MALLOC_SETTINGS,
  ...process.env,
});
