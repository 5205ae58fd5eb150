import { randomBytes } from 'node:crypto';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { AuditService, SERVER } from '@sallyport/audit';
import { type IdentityProvider, LocalUsersService, NewCredential } from '@sallyport/identity';
import {
  ADVISORY_LOCKS,
  Clock,
  Config,
  ConfigError,
  Database,
  DataKeys,
  Installation,
  type Transaction,
} from '@sallyport/platform';
import { newRootToken, newServiceToken, TokensService } from '@sallyport/tokens';
import { writeBootstrapFile } from './bootstrap-file.js';
import { addBuiltInObjects } from './built-in-objects.js';

const RULES = { minPasswordLength: 8, blockCommonPasswords: true };

/** Opens the keys and, on an empty database, makes the installation: built-in objects, first administrator, root token. */
@Injectable()
export class FirstStart implements OnApplicationBootstrap {
  /** Whether this start made the installation. */
  made = false;

  constructor(
    private readonly config: Config,
    private readonly database: Database,
    private readonly dataKeys: DataKeys,
    private readonly installation: Installation,
    private readonly credential: NewCredential,
    private readonly localUsers: LocalUsersService,
    private readonly tokens: TokensService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** @throws ConfigError where the given administrator's password is refused by S01 or S03; DomainError `wrong-master-key`. */
  async onApplicationBootstrap(): Promise<void> {
    await this.dataKeys.open();
    if (!(await this.installation.exists())) await this.make();
    await this.installation.open();
  }

  private async make(): Promise<void> {
    const { adminPassword, rootToken, dataDirectory } = this.config;
    await this.checkGiven(adminPassword);
    const password = adminPassword ?? randomBytes(18).toString('base64url');
    const secret = rootToken ?? newServiceToken();
    const passwordHash = await this.credential.hash(password, 'admin', RULES);
    const lookupKey = await this.installation.sealLookupKey();
    this.made = await this.database.transaction(async (tx) => {
      await tx.execute(
        `SELECT set_config('lock_timeout', '60s', true), set_config('statement_timeout', '60s', true)`,
      );
      await tx.execute('SELECT pg_advisory_xact_lock($1)', [ADVISORY_LOCKS.firstStart]);
      if ((await tx.query('SELECT 1 FROM installation')).length > 0) return false;
      await this.installation.make(tx, lookupKey);
      const local = await addBuiltInObjects(tx, this.clock.now());
      await this.addAdministrator(tx, local, passwordHash);
      await this.addRootToken(tx, secret);
      await this.audit.record(tx, SERVER, {
        action: 'installation.made',
        outcome: 'success',
        object: { type: 'installation', id: 'database' },
      });
      // Last, and before COMMIT: whoever finds an installation finds its credentials too.
      if (adminPassword === null || rootToken === null)
        await writeBootstrapFile(dataDirectory, {
          ...(adminPassword === null && { adminPassword: password }),
          ...(rootToken === null && { rootToken: secret }),
        });
      return true;
    });
  }

  private async checkGiven(password: string | null): Promise<void> {
    if (password === null) return;
    const problem = await this.credential.passwordProblem(password, 'admin', RULES);
    if (problem !== null) throw new ConfigError([{ setting: 'SALLYPORT_ADMIN_PASSWORD', problem }]);
  }

  private async addAdministrator(
    tx: Transaction,
    local: IdentityProvider,
    passwordHash: string,
  ): Promise<void> {
    await this.localUsers.create(
      tx,
      {
        name: 'admin',
        firstName: 'Built-in',
        lastName: 'Administrator',
        email: null,
        phone: null,
        notes: '',
        tags: ['builtin'],
        disabled: false,
        failedLoginAttempts: 0,
        lockStart: null,
        builtIn: true,
        identityProviderId: local.id,
        passwordHash,
        exemptionCounts: true,
      },
      SERVER,
    );
  }

  private async addRootToken(tx: Transaction, secret: string): Promise<void> {
    await this.tokens.issue(tx, { ...newRootToken(), secret }, SERVER);
  }
}
