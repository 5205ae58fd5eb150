import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { DomainError } from '@sallyport/platform';
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
    await inTime(this.health.mustBeReady());
    return { status: 'ready' };
  }
}

/** @throws DomainError `unavailable` where the work takes too long; it goes on then, and nobody looks. */
async function inTime(work: Promise<void>): Promise<void> {
  let patience: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    const slow = new DomainError('unavailable', 'database-slow', 'slow', { retryAfter: 1 });
    patience = setTimeout(() => reject(slow), LONGEST_MS);
  });
  await Promise.race([work, tooLong]).finally(() => clearTimeout(patience));
}
