import { Controller, Delete, Headers, Param } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import * as z from 'zod';
import { collectionSchema, documentIdSchema } from '../../documents/document-key.js';
import { parsePrecondition } from '../../documents/precondition.js';
import { metadataOf } from '../../request-metadata.js';
import { DeleteDocumentHandler } from './delete-document.handler.js';

const answerSchema = z.object({
  success: z.literal(true),
  data: z.object({
    collection: z.string(),
    id: z.string(),
    version: z.number().int().describe('The version that is the deletion'),
    deletedAt: z.string().describe('RFC 3339'),
  }),
});

@ApiTags('resources')
@Controller('resources')
export class DeleteDocumentController {
  constructor(private readonly handler: DeleteDocumentHandler) {}

  @Delete(':collection/:id')
  @ApiOperation({ summary: 'Deletes a document; its versions stay readable' })
  @ApiHeader({
    name: 'If-Match',
    required: false,
    description: 'Only when the document has this version, as in "v3"; * is any',
  })
  @ApiResponse({ status: 200, description: 'It is deleted', standardSchema: answerSchema })
  @ApiResponse({ status: 404, description: 'Problem: there is none, or none any more' })
  @ApiResponse({ status: 412, description: 'Problem with `currentVersion`: the condition does not hold' })
  async delete(
    @Param('collection', { schema: collectionSchema }) collection: string,
    @Param('id', { schema: documentIdSchema }) id: string,
    @Headers() headers: Record<string, string | undefined>,
  ): Promise<z.infer<typeof answerSchema>> {
    const ifMatch = parsePrecondition('If-Match', headers['if-match']);
    const { version, updatedAt } = await this.handler.delete({ collection, id }, ifMatch, metadataOf(headers));
    return { success: true, data: { collection, id, version, deletedAt: updatedAt } };
  }
}
