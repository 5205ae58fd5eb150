import { Module } from '@nestjs/common';
import { DocsController } from './docs.controller.js';
import { DatabaseWatch } from './database-watch.service.js';
import { HealthController } from './health.controller.js';
import { OpsDialect } from './ops.dialect.js';

/** Health and documentation. */
@Module({
  controllers: [HealthController, DocsController],
  providers: [OpsDialect, DatabaseWatch],
  exports: [OpsDialect],
})
export class OpsModule {}
