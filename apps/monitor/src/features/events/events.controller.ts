import { Controller, Get, Headers, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { toCloudEvent, type CloudEvent } from '@signalbox/contracts';
import { ProblemException } from '@signalbox/nest-kit';
import type { FastifyReply } from 'fastify';
import { eventListSchema, eventStreamSchema, type EventListQuery, type EventStreamQuery } from './event-query.js';
import { EventReader } from './event-reader.js';
import { EventStreams } from './event-streams.js';

@ApiTags('events')
@Controller('events')
export class EventsController {
  constructor(
    private readonly reader: EventReader,
    private readonly streams: EventStreams,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Events by type or pattern, stream, correlation, principal and time, paged by cursor' })
  async list(
    @Query({ schema: eventListSchema }) query: EventListQuery,
  ): Promise<{ events: CloudEvent[]; next: string | null }> {
    const { after, order, limit } = query;
    const direction = order === 'asc' ? 'forward' : 'backward';
    const page = await this.reader.read(query, { after, limit, direction }).catch(namingCursor('after'));
    return { events: page.items.map(({ event }) => toCloudEvent(event)), next: page.next };
  }

  @Get('stream')
  @ApiOperation({ summary: 'Events as they are appended, as server-sent events; resumable by Last-Event-ID' })
  async stream(
    @Query({ schema: eventStreamSchema }) query: EventStreamQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    // a browser repeats the URL when it reconnects: what it has seen last goes before `after`
    const opened = await this.streams
      .open(query, lastEventId || query.after)
      .catch(namingCursor(lastEventId ? 'Last-Event-ID' : 'after'));
    reply.hijack();
    this.streams.serve(opened, reply.raw);
  }
}

function namingCursor(path: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof Error) || error.name !== 'InvalidCursorError') throw error;
    const message = `${error.message}; allowed: a cursor from "next" of /events or from "id" of /events/stream`;
    throw new ProblemException(400, 'Bad Request', { detail: `${path}: ${message}`, errors: [{ path, message }] });
  };
}
