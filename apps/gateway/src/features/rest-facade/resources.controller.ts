import { All, Controller, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ResourceProxy } from './resource-proxy.js';

/**
 * Shows `/resources/**` in the OpenAPI document. Requests do not come as far as here: {@link ResourceProxy} takes them on
 * the HTTP server, so that bodies pass through unread.
 */
@ApiTags('resources')
@ApiParam({ name: 'collection', schema: { type: 'string' } })
@ApiResponse({ status: 502, description: 'Problem: the resource-service did not answer' })
@ApiResponse({ status: 503, description: 'Problem: no resource-service is up' })
@Controller('resources/:collection')
export class ResourcesController {
  constructor(private readonly proxy: ResourceProxy) {}

  @All()
  @ApiOperation({ summary: 'A collection of the resource-service, as its own document describes it' })
  collection(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.#pass(request, reply);
  }

  @All(':id')
  @ApiParam({ name: 'id', schema: { type: 'string' } })
  @ApiOperation({ summary: 'A document of the resource-service, as its own document describes it' })
  document(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.#pass(request, reply);
  }

  #pass(request: FastifyRequest, reply: FastifyReply): void {
    reply.hijack();
    this.proxy.handle(request.raw, reply.raw);
  }
}
