import { Get, Head, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import { Clock, Database, DomainError, Installation } from '@sallyport/platform';
import type { FastifyReply } from 'fastify';
import { Access } from '../../http/access.js';
import { Describe } from '../wire/route-docs.js';
import { refuse } from '../wire/vault-error.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { healthStatus } from './health-codes.js';
import { BUILD_DATE, CLUSTER_NAME, SALLYPORT_VERSION, VAULT_VERSION } from './server-version.js';
import { HealthAnswer, InitAnswer, LeaderAnswer, SealStatusAnswer } from './status.dto.js';

type Query = Record<string, unknown>;

/** What clients ask before they have a token (§11): bare answers, no envelope. */
@Access({ kind: 'open' })
@VaultRoutes('sys', 'server status')
export class StatusController {
  constructor(
    private readonly database: Database,
    private readonly installation: Installation,
    private readonly clock: Clock,
  ) {}

  /** hvac asks by HEAD. Stands before GET, whose own HEAD it replaces. */
  @Head('health')
  @Describe({
    summary: 'Whether the server can sign anybody in (status only)',
    bare: HealthAnswer,
    open: true,
  })
  async headHealth(
    @Query() query: Query,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<HealthAnswer> {
    return this.health(query, reply);
  }

  @Get('health')
  @ApiQuery({ name: 'activecode', required: false, description: 'The status to answer while in service.' })
  @ApiQuery({
    name: 'sealedcode',
    required: false,
    description: 'The status to answer while the database is out of reach.',
  })
  @Describe({
    summary: 'Whether the server can sign anybody in',
    description:
      '200 in service, 503 while the database is out of reach; the query may ask for other statuses.',
    bare: HealthAnswer,
    refuses: { 400: [''] },
    open: true,
  })
  async health(
    @Query() query: Query,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<HealthAnswer> {
    const reachable = await this.isReachable();
    void reply.status(healthStatus(query, reachable));
    return {
      initialized: true,
      sealed: !reachable,
      standby: false,
      performance_standby: false,
      replication_performance_mode: 'disabled',
      replication_dr_mode: 'disabled',
      server_time_utc: Math.floor(this.clock.now().getTime() / 1000),
      version: VAULT_VERSION,
      enterprise: false,
      cluster_name: CLUSTER_NAME,
      cluster_id: this.installation.clusterId,
      echo_duration_ms: 0,
      clock_skew_ms: 0,
      replication_primary_canary_age_ms: 0,
      sallyport_version: SALLYPORT_VERSION,
    };
  }

  @Get('seal-status')
  @Describe({ summary: 'The seal, which is always open', bare: SealStatusAnswer, open: true })
  sealStatus(): SealStatusAnswer {
    return {
      type: 'shamir',
      initialized: true,
      sealed: false,
      t: 1,
      n: 1,
      progress: 0,
      nonce: '',
      version: VAULT_VERSION,
      build_date: BUILD_DATE,
      migration: false,
      cluster_name: CLUSTER_NAME,
      cluster_id: this.installation.clusterId,
      recovery_seal: false,
      storage_type: 'postgresql',
      sallyport_version: SALLYPORT_VERSION,
    };
  }

  @Get('leader')
  @Describe({
    summary: 'The leader: all servers are equal, so there is none',
    bare: LeaderAnswer,
    open: true,
  })
  leader(): LeaderAnswer {
    return {
      ha_enabled: false,
      is_self: false,
      active_time: '0001-01-01T00:00:00Z',
      leader_address: '',
      leader_cluster_address: '',
      performance_standby: false,
    };
  }

  @Get('init')
  @Describe({
    summary: 'Whether the server is initialized: the first start did it',
    bare: InitAnswer,
    open: true,
  })
  init(): InitAnswer {
    return { initialized: true };
  }

  @Post('init')
  @HttpCode(200)
  @Describe({
    summary: 'Refused: the first start initializes the server',
    bare: InitAnswer,
    refuses: { 400: ['Vault is already initialized'] },
    open: true,
  })
  initAgain(): never {
    throw refuse(400, 'Vault is already initialized');
  }

  private async isReachable(): Promise<boolean> {
    try {
      await this.database.query('SELECT 1');
      return true;
    } catch (error) {
      if (error instanceof DomainError && error.kind === 'unavailable') return false;
      throw error;
    }
  }
}
