import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { DomainError, inTime } from '@sallyport/platform';
import { Access } from '../http/access.js';
import { HealthService } from './health.service.js';

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

/** A balancer does not wait as long for an answer as a statement may take. */
const LONGEST_MS = 3_000;

/** For balancers and supervisors. */
@ApiTags('Operations')
@Access({ kind: 'open' })
@Controller()
export class HealthController {
  constructor(private readonly health: HealthService) {}

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
    await inTime(this.health.mustBeReady(), LONGEST_MS, slow);
    return { status: 'ready' };
  }
}

function slow(): DomainError {
  return new DomainError('unavailable', 'database-slow', 'slow', { retryAfter: 1 });
}
