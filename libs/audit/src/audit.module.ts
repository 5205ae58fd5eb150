import { Global, Module } from '@nestjs/common';
import { AuditFoldsService } from './audit-folds.service.js';
import { AuditGauges } from './audit-gauges.service.js';
import { AuditKeeperService } from './audit-keeper.service.js';
import { AuditService } from './audit.service.js';
import { AuditKeysService } from './chain/audit-keys.service.js';
import { AuditResumption } from './chain/audit-resumption.service.js';
import { AuditRetentionService } from './chain/audit-retention.service.js';
import { AuditSealerService } from './chain/audit-sealer.service.js';
import { AuditVerifier } from './chain/audit-verifier.service.js';
import { AuditExport } from './search/audit-export.service.js';
import { AuditSearchService } from './search/audit-search.service.js';
import { AuditShipperService } from './sinks/audit-shipper.service.js';
import { AuditSinks } from './sinks/audit-sinks.js';

/** Everyone may write an audit event. */
@Global()
@Module({
  providers: [
    AuditService,
    AuditKeysService,
    AuditSealerService,
    AuditVerifier,
    AuditResumption,
    AuditRetentionService,
    AuditFoldsService,
    AuditSinks,
    AuditShipperService,
    AuditKeeperService,
    AuditGauges,
    AuditSearchService,
    AuditExport,
  ],
  exports: [
    AuditService,
    AuditKeysService,
    AuditSealerService,
    AuditVerifier,
    AuditResumption,
    AuditRetentionService,
    AuditFoldsService,
    AuditShipperService,
    AuditGauges,
    AuditSearchService,
    AuditExport,
  ],
})
export class AuditModule {}
