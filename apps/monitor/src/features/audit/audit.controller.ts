import { Controller, Get, Header, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { verifySchema, type VerifyQuery } from './audit-query.js';
import { LogAudit, type AuditReport } from './log-audit.js';

@ApiTags('audit')
@Controller('audit')
export class AuditController {
  constructor(private readonly audit: LogAudit) {}

  @Get('verify')
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Walks the hash chain of each partition and names the first position that is wrong' })
  verify(@Query({ schema: verifySchema }) query: VerifyQuery): Promise<AuditReport> {
    return this.audit.verify(query);
  }
}
