import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import * as z from 'zod';
import { documentEnvelopeSchema } from '../../documents/document-envelope.js';
import { collectionSchema } from '../../documents/document-key.js';
import { ListDocumentsHandler, type CollectionSummary, type DocumentPage } from './list-documents.handler.js';
import { listParametersSchema, type ListParameters } from './list-query.js';

const pageSchema = z.object({
  success: z.literal(true),
  data: z.array(documentEnvelopeSchema),
  total: z.number().int(),
  page: z.number().int(),
  pageSize: z.number().int(),
  pages: z.number().int(),
});
const collectionsSchema = z.object({
  success: z.literal(true),
  data: z.array(z.object({ collection: z.string(), documents: z.number().int() })),
});

@ApiTags('resources')
@Controller('resources')
export class ListDocumentsController {
  constructor(private readonly handler: ListDocumentsHandler) {}

  @Get()
  @ApiOperation({ summary: 'The collections that have documents, with how many' })
  @ApiResponse({ status: 200, description: 'By name, at most 1000', standardSchema: collectionsSchema })
  async collections(): Promise<{ success: true; data: CollectionSummary[] }> {
    return { success: true, data: await this.handler.collections() };
  }

  @Get(':collection')
  @ApiOperation({
    summary: 'Documents of a collection, filtered, sorted, by page',
    description:
      'Filter operators: $eq $ne $gt $gte $lt $lte $in $nin $and $or $not $exists. Field names are those of the documents; ' +
      '_id, _version, _createdAt and _updatedAt are what the service knows of them.',
  })
  @ApiResponse({ status: 200, description: 'One page', standardSchema: pageSchema })
  @ApiResponse({ status: 400, description: 'Problem that names the parameter or operator and what is allowed' })
  async list(
    @Param('collection', { schema: collectionSchema }) collection: string,
    @Query({ schema: listParametersSchema }) parameters: ListParameters,
  ): Promise<{ success: true } & DocumentPage> {
    return { success: true, ...(await this.handler.list(collection, parameters)) };
  }
}
