import { Controller, Get, Headers, Param, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { answerSchema, envelopeOf, type Answer } from '../../documents/document-envelope.js';
import { collectionSchema, documentIdSchema } from '../../documents/document-key.js';
import { DocumentReader } from '../../documents/document-reader.js';
import { etagOf, matchesWeakly, parsePrecondition } from '../../documents/precondition.js';

@ApiTags('resources')
@Controller('resources')
export class GetDocumentController {
  constructor(private readonly reader: DocumentReader) {}

  @Get(':collection/:id')
  @ApiOperation({ summary: 'One document, as new as the log' })
  @ApiHeader({ name: 'If-None-Match', required: false, description: 'Entity tags of versions that the caller has' })
  @ApiResponse({
    status: 200,
    description: 'The document; its version is the entity tag',
    standardSchema: answerSchema,
  })
  @ApiResponse({ status: 304, description: 'The caller has this version' })
  @ApiResponse({ status: 404, description: 'Problem: there is none, or none any more' })
  async get(
    @Param('collection', { schema: collectionSchema }) collection: string,
    @Param('id', { schema: documentIdSchema }) id: string,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Answer | undefined> {
    const known = parsePrecondition('If-None-Match', ifNoneMatch);
    const state = await this.reader.present({ collection, id });
    reply.header('etag', etagOf(state.version)).header('cache-control', 'no-cache');
    if (known && matchesWeakly(known, state.version)) {
      reply.status(304);
      return undefined;
    }
    return { success: true, data: envelopeOf(state) };
  }
}
