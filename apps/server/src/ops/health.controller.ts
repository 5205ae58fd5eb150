import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { AuditResumption } from '@sallyport/audit';
import { Database, DomainError } from '@sallyport/platform';
import { Access } from '../http/access.js';
import { Readiness } from '../http/readiness.js';
import { DatabaseWatch } from './database-watch.service.js';

const HEALTHY = {
  schema: { type: 'object', required: ['status'], properties: { status: { type: 'string', example: 'ok' } } },
};
const UNHEALTHY = {
  description: 'Not ready: stopping, or without a database to decide on.',
  schema: {
    type: 'object',
    required: ['errors'],
    properties: { errors: { type: 'array', items: { type: 'string' } } },
  },
};

/** For balancers and supervisors. */
@ApiTags('Operations')
@Access({ kind: 'open' })
@Controller()
export class HealthController {
  constructor(
    private readonly readiness: Readiness,
    private readonly database: Database,
    private readonly audit: AuditResumption,
    private readonly watch: DatabaseWatch,
  ) {}

  @Get('healthz')
  @ApiOperation({ operationId: 'healthz', summary: 'Whether the process is alive' })
  @ApiOkResponse({ description: 'Alive, whatever its database does.', ...HEALTHY })
  alive(): { status: string } {
    return { status: 'ok' };
  }

  @Get('readyz')
  @ApiOperation({ operationId: 'readyz', summary: 'Whether requests are welcome' })
  @ApiOkResponse({ description: 'Ready to serve.', ...HEALTHY })
  @ApiServiceUnavailableResponse(UNHEALTHY)
  async ready(): Promise<{ status: string }> {
    if (!this.readiness.ready)
      throw new DomainError('unavailable', 'stopping', 'stopping', { retryAfter: 5 });
    await this.database.query('SELECT 1 FROM installation');
    if ((await this.watch.look()).length > 0)
      throw new DomainError('unavailable', 'database-in-doubt', 'in doubt', { retryAfter: 30 });
    // A backup that was put back revives nothing before the operator has seen to it (S95).
    if ((await this.audit.gap()) !== null)
      throw new DomainError('unavailable', 'database-behind', 'behind', { retryAfter: 60 });
    return { status: 'ready' };
  }
}
