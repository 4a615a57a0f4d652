import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { projectionNameSchema } from './operations-query.js';
import { Projections, type ProjectionReport } from './projections.service.js';

@ApiTags('operations')
@Controller('projections')
export class ProjectionsController {
  constructor(private readonly projections: Projections) {}

  @Get()
  @ApiOperation({
    summary: 'The projections of this service, how far they have read, and how their last rebuild ended',
  })
  list(): { projections: ProjectionReport[] } {
    return { projections: this.projections.list() };
  }

  @Post(':name/rebuild')
  @HttpCode(202)
  @ApiOperation({ summary: 'Makes a projection anew from position 0 beside the live one, which it then replaces' })
  rebuild(@Param('name', { schema: projectionNameSchema }) name: string): ProjectionReport {
    return this.projections.rebuild(name);
  }
}
