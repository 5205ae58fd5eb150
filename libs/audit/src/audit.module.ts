import { Global, Module } from '@nestjs/common';
import { AuditService } from './audit.service.js';

/** Everyone may write an audit event. */
@Global()
@Module({ providers: [AuditService], exports: [AuditService] })
export class AuditModule {}
