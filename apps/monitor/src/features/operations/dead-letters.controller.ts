import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { InjectBus, ProblemException } from '@signalbox/nest-kit';
import type { DeadLetter, MessageBus } from '@signalbox/ports';
import { deadLetterIdSchema, deadLetterListSchema, type DeadLetterListQuery } from './operations-query.js';

@ApiTags('operations')
@Controller('dead-letters')
export class DeadLettersController {
  constructor(@InjectBus() private readonly bus: MessageBus) {}

  @Get()
  @ApiOperation({ summary: 'Messages that no handler could deal with, oldest first' })
  async list(
    @Query({ schema: deadLetterListSchema }) query: DeadLetterListQuery,
  ): Promise<{ deadLetters: DeadLetter[] }> {
    const { queue, limit } = query;
    return { deadLetters: await this.bus.deadLetters({ limit, ...(queue === undefined ? {} : { queue }) }) };
  }

  @Post(':id/replay')
  @HttpCode(200)
  @ApiOperation({ summary: 'Puts a parked message back on its queue' })
  async replay(@Param('id', { schema: deadLetterIdSchema }) id: string): Promise<{ id: string; replayed: true }> {
    if (!(await this.bus.replayDeadLetter(id))) {
      throw new ProblemException(404, 'Not Found', { detail: `there is no dead letter ${id}` });
    }
    return { id, replayed: true };
  }
}
