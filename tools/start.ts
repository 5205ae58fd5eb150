import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildWhenNeeded } from './build.ts';

buildWhenNeeded();
// In this very process, so that signals reach the server.
await import(pathToFileURL(join(import.meta.dirname, '../dist/bundle/server.js')).href);
