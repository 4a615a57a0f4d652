import { Body, Controller, Headers, Param, Post, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { documentBodySchema, type DocumentBody } from '../../documents/document-body.js';
import { answerSchema, envelopeOf, type Answer } from '../../documents/document-envelope.js';
import { collectionSchema } from '../../documents/document-key.js';
import { etagOf } from '../../documents/precondition.js';
import { metadataOf } from '../../request-metadata.js';
import { CreateDocumentHandler } from './create-document.handler.js';

@ApiTags('resources')
@Controller('resources')
export class CreateDocumentController {
  constructor(private readonly handler: CreateDocumentHandler) {}

  @Post(':collection')
  @ApiOperation({
    summary: 'Creates a document',
    description: 'The body is the document. A member `id` becomes its id; without one it gets a ULID.',
  })
  @ApiResponse({
    status: 201,
    description: 'The document; `Location` and `ETag` say where and which version',
    standardSchema: answerSchema,
  })
  @ApiResponse({ status: 400, description: 'Problem that names what is wrong' })
  @ApiResponse({ status: 409, description: 'Problem: there is a document with that id' })
  @ApiResponse({ status: 413, description: 'Problem: the document is too large' })
  async create(
    @Param('collection', { schema: collectionSchema }) collection: string,
    @Body({ schema: documentBodySchema }) body: DocumentBody,
    @Headers() headers: Record<string, unknown>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Answer> {
    const state = await this.handler.create(collection, body, metadataOf(headers));
    reply.header('location', `/resources/${collection}/${state.id}`).header('etag', etagOf(state.version));
    return { success: true, data: envelopeOf(state) };
  }
}
