import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChildServer } from './child-server.js';
import { ADMIN_PASSWORD, ROOT_TOKEN } from './sallyport.js';
import { databaseSettings } from './test-server.js';

/** Built servers as processes of their own over one database, under one master key. */
export class ReplicaSet {
  readonly adminPassword = ADMIN_PASSWORD;
  readonly rootToken = ROOT_TOKEN;
  private readonly folder = mkdtempSync(join(tmpdir(), 'sallyport-replicas-'));
  private readonly masterKeyFile = join(this.folder, 'master.key');

  constructor(
    private readonly databaseUrl: string,
    private readonly settings: Record<string, string> = {},
  ) {
    writeFileSync(this.masterKeyFile, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  }

  start(settings: Record<string, string> = {}): Promise<ChildServer> {
    return ChildServer.start(this.folder, {
      ...databaseSettings(this.databaseUrl),
      SALLYPORT_MASTER_KEY_FILE: this.masterKeyFile,
      SALLYPORT_ADMIN_PASSWORD: this.adminPassword,
      SALLYPORT_ROOT_TOKEN: this.rootToken,
      // Most of a start is reading code.
      NODE_COMPILE_CACHE: join(this.folder, 'compiled'),
      ...this.settings,
      ...settings,
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
