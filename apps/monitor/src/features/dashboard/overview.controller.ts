import { Controller, Get, Header } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { OverviewService, type Overview } from './overview.service.js';

@ApiTags('dashboard')
@Controller('api/overview')
export class OverviewController {
  constructor(private readonly overview: OverviewService) {}

  @Get()
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Services with health, upstream servers with tools, size of the log, dead letters' })
  read(): Promise<Overview> {
    return this.overview.read();
  }
}
