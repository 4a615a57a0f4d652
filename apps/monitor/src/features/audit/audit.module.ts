import { Module } from '@nestjs/common';
import { AuditController } from './audit.controller.js';
import { LogAudit } from './log-audit.js';

@Module({ controllers: [AuditController], providers: [LogAudit] })
export class AuditModule {}
