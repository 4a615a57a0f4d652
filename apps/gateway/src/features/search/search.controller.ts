import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ProblemException } from '@signalbox/nest-kit';
import * as z from 'zod';
import { InjectGatewayConfig } from '../../gateway-config.module.js';
import type { GatewayConfig } from '../../config.js';
import { Catalogue } from '../catalogue/catalogue.js';
import { describeTool, type ListedTool } from '../rest-facade/tool-list.js';
import { ToolSearch } from './tool-search.js';

const searchSchema = z.strictObject({
  /** What the tool is to do. */
  q: z.string().trim().min(1).max(1_000),
  /** Only the tools of this server. */
  server: z.string().min(1).max(100).optional(),
  limit: z.coerce.number().int().min(1).max(100).optional(),
});

export interface SearchAnswer {
  readonly tools: readonly (ListedTool & { readonly score: number })[];
}

@ApiTags('tools')
@Controller('tools/search')
export class SearchController {
  constructor(
    private readonly search: ToolSearch,
    private readonly catalogue: Catalogue,
    @InjectGatewayConfig() private readonly config: GatewayConfig,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Finds tools by what they do, the best first' })
  @ApiQuery({ name: 'q', required: true, schema: { type: 'string', maxLength: 1000 }, description: 'what it is to do' })
  @ApiQuery({ name: 'server', required: false, schema: { type: 'string' } })
  @ApiQuery({ name: 'limit', required: false, schema: { type: 'integer', minimum: 1, maximum: 100, default: 10 } })
  @ApiResponse({
    status: 200,
    description: '{"tools": [{"name", "server", "tool", "available", "definition", "score" …}]}',
  })
  @ApiResponse({ status: 400, description: 'Problem: a parameter is wrong' })
  @ApiResponse({ status: 404, description: 'Problem: the search is not switched on' })
  find(@Query({ schema: searchSchema }) { q, server, limit }: z.infer<typeof searchSchema>): SearchAnswer {
    if (!this.search.isOn) {
      const detail = 'The search is off; set signalbox.search.mode to "also" or "only"';
      throw new ProblemException(404, 'Not Found', { detail });
    }
    const found = this.search.find(q, limit ?? this.config.search.limit, server);
    return { tools: found.map(({ tool, score }) => ({ ...describeTool(tool, this.catalogue), score })) };
  }
}
