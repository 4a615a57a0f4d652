import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ProblemException } from '@signalbox/nest-kit';
import type { FastifyReply } from 'fastify';
import * as z from 'zod';
import type { ResourceServiceConfig } from '../../config.js';
import { collectionSchema, documentIdSchema } from '../../documents/document-key.js';
import { etagOf } from '../../documents/precondition.js';
import { InjectResourceServiceConfig } from '../../resource-config.module.js';
import { DocumentVersionsHandler, type VersionSummary } from './document-versions.handler.js';

const whole = (what: string, from: 0 | 1) =>
  z.string().regex(from === 1 ? /^[1-9]\d{0,8}$/ : /^\d{1,9}$/, `${what} must be a whole number from ${from} on`);
const pageSchema = z.strictObject({ after: whole('after', 0).optional(), limit: whole('limit', 1).optional() });
const versionSchema = z.object({
  version: z.number().int(),
  change: z.enum(['created', 'updated', 'deleted']),
  time: z.string(),
  actor: z.string(),
  correlationId: z.string(),
});
const listAnswer = z.object({
  success: z.literal(true),
  data: z.array(versionSchema),
  next: z.number().int().nullable(),
});
const versionAnswer = z.object({
  success: z.literal(true),
  data: versionSchema.extend({
    collection: z.string(),
    id: z.string(),
    document: z.record(z.string(), z.unknown()).optional().describe('Absent at a deletion'),
  }),
});

@ApiTags('resources')
@Controller('resources/:collection/:id/versions')
export class DocumentVersionsController {
  constructor(
    private readonly handler: DocumentVersionsHandler,
    @InjectResourceServiceConfig() private readonly config: ResourceServiceConfig,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The versions of a document, oldest first, deletions included' })
  @ApiResponse({
    status: 200,
    description: '`next` is what `after` takes for the next page',
    standardSchema: listAnswer,
  })
  @ApiResponse({ status: 404, description: 'Problem: there never was such a document' })
  async list(
    @Param('collection', { schema: collectionSchema }) collection: string,
    @Param('id', { schema: documentIdSchema }) id: string,
    @Query({ schema: pageSchema }) query: z.infer<typeof pageSchema>,
  ): Promise<{ success: true; data: VersionSummary[]; next: number | null }> {
    const { defaultPageSize, maxPageSize } = this.config.versions;
    const limit = Number(query.limit ?? defaultPageSize);
    if (limit > maxPageSize) {
      throw new ProblemException(400, 'Bad Request', {
        detail: `limit: at most ${maxPageSize}`,
        errors: [{ path: 'limit', message: `at most ${maxPageSize}` }],
      });
    }
    const { versions, next } = await this.handler.list({ collection, id }, Number(query.after ?? 0), limit);
    return { success: true, data: versions, next };
  }

  @Get(':version')
  @ApiOperation({ summary: 'A document as it was at one version' })
  @ApiResponse({ status: 200, description: 'Never changes', standardSchema: versionAnswer })
  @ApiResponse({ status: 404, description: 'Problem: there is no such version' })
  async at(
    @Param('collection', { schema: collectionSchema }) collection: string,
    @Param('id', { schema: documentIdSchema }) id: string,
    @Param('version', { schema: whole('version', 1) }) version: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ success: true; data: object }> {
    const found = await this.handler.at({ collection, id }, Number(version));
    reply.header('etag', etagOf(found.version)).header('cache-control', 'no-cache');
    return { success: true, data: { collection, id, ...found } };
  }
}
