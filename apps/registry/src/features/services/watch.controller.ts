import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import * as z from 'zod';
import { ServiceWatchers } from './service-watchers.js';

@ApiTags('services')
@Controller('services')
export class WatchController {
  constructor(private readonly watchers: ServiceWatchers) {}

  @Get(':serviceName/watch')
  @ApiOperation({
    summary: 'Event stream of the instances of one service',
    description:
      'Sends `event: instances` with `{"serviceName", "instances"}` at once and after each change, each time the whole list.',
  })
  @ApiProduces('text/event-stream')
  @ApiResponse({ status: 200, description: 'Stays open until the client goes or the service stops' })
  @ApiResponse({ status: 503, description: 'Problem: too many watchers' })
  watch(@Param('serviceName', { schema: z.string().min(1).max(200) }) name: string, @Res() reply: FastifyReply): void {
    this.watchers.assertRoom();
    reply.hijack();
    this.watchers.open(name, reply.raw);
  }
}
