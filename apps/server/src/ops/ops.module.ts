import { Module } from '@nestjs/common';
import { DocsController } from './docs.controller.js';
import { DatabaseWatch } from './database-watch.service.js';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';
import { MetricsListener } from './metrics-listener.service.js';
import { OpsDialect } from './ops.dialect.js';

/** Health and documentation. */
@Module({
  controllers: [HealthController, DocsController],
  providers: [OpsDialect, DatabaseWatch, HealthService, MetricsListener],
  exports: [OpsDialect],
})
export class OpsModule {}
