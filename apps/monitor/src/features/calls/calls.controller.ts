import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ProblemException } from '@signalbox/nest-kit';
import type { FastifyReply } from 'fastify';
import { callIdSchema, callListSchema, sha256Schema, type CallListQuery } from './call-query.js';
import type { CallStory } from './call-story.js';
import { Calls, type CallPage } from './calls.service.js';
import { Stories } from './stories.service.js';

@ApiTags('calls')
@Controller()
export class CallsController {
  constructor(
    private readonly calls: Calls,
    private readonly stories: Stories,
  ) {}

  @Get('calls')
  @ApiOperation({ summary: 'Calls, newest first, by state, server, tool, principal, outcome and time' })
  list(@Query({ schema: callListSchema }) query: CallListQuery): Promise<CallPage> {
    return this.calls.list(query);
  }

  @Get('calls/:id')
  @ApiOperation({ summary: 'The whole story of one call: state, payloads, times, attempts, trace id and events' })
  async story(@Param('id', { schema: callIdSchema }) id: string): Promise<CallStory> {
    const story = await this.stories.tell(id);
    if (!story) throw new ProblemException(404, 'Not Found', { detail: `the log has no call ${id}` });
    return story;
  }

  @Get('blobs/:sha256')
  @ApiOperation({ summary: 'A payload that is too large for the log, by the hash under which the log names it' })
  async blob(@Param('sha256', { schema: sha256Schema }) sha256: string, @Res() reply: FastifyReply): Promise<void> {
    const bytes = await this.stories.blob(sha256);
    if (!bytes) throw new ProblemException(404, 'Not Found', { detail: `there is no blob ${sha256}` });
    // tools wrote this: it must never be taken for a page of ours
    void reply
      .header('content-type', 'application/json; charset=utf-8')
      .header('content-disposition', `attachment; filename="${sha256}.json"`)
      .header('content-security-policy', "default-src 'none'; sandbox")
      .header('x-content-type-options', 'nosniff')
      .header('cache-control', 'private, max-age=31536000, immutable')
      .send(Buffer.from(bytes));
  }
}
