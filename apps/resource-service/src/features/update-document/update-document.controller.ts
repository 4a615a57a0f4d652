import { Body, Controller, Headers, Param, Put, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { documentBodySchema, type DocumentBody } from '../../documents/document-body.js';
import { answerSchema, envelopeOf, type Answer } from '../../documents/document-envelope.js';
import { collectionSchema, documentIdSchema } from '../../documents/document-key.js';
import { etagOf, parsePrecondition } from '../../documents/precondition.js';
import { metadataOf } from '../../request-metadata.js';
import { UpdateDocumentHandler } from './update-document.handler.js';

@ApiTags('resources')
@Controller('resources')
export class UpdateDocumentController {
  constructor(private readonly handler: UpdateDocumentHandler) {}

  @Put(':collection/:id')
  @ApiOperation({
    summary: 'Replaces a document, or creates it under this id',
    description: 'The body is the whole document. Without If-Match and If-None-Match the last writer wins.',
  })
  @ApiHeader({
    name: 'If-Match',
    required: false,
    description: 'Only when the document has this version, as in "v3"; * is any',
  })
  @ApiHeader({ name: 'If-None-Match', required: false, description: '*: only when there is no such document' })
  @ApiResponse({ status: 200, description: 'It was replaced', standardSchema: answerSchema })
  @ApiResponse({ status: 201, description: 'It was created', standardSchema: answerSchema })
  @ApiResponse({ status: 400, description: 'Problem that names what is wrong' })
  @ApiResponse({ status: 412, description: 'Problem with `currentVersion`: the condition does not hold' })
  @ApiResponse({ status: 413, description: 'Problem: the document is too large' })
  async put(
    @Param('collection', { schema: collectionSchema }) collection: string,
    @Param('id', { schema: documentIdSchema }) id: string,
    @Body({ schema: documentBodySchema }) body: DocumentBody,
    @Headers() headers: Record<string, string | undefined>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Answer> {
    const conditions = {
      ifMatch: parsePrecondition('If-Match', headers['if-match']),
      ifNoneMatch: parsePrecondition('If-None-Match', headers['if-none-match']),
    };
    const { state, created } = await this.handler.put({ collection, id }, body, conditions, metadataOf(headers));
    reply.status(created ? 201 : 200).header('etag', etagOf(state.version));
    if (created) reply.header('location', `/resources/${collection}/${id}`);
    return { success: true, data: envelopeOf(state) };
  }
}
