import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { INSTANCE_COMMANDS, type InstanceCommandName } from '@signalbox/contracts';
import type { InstanceCommandView } from '@signalbox/domain/cluster';
import { ProblemException } from '@signalbox/nest-kit';
import type { FastifyReply } from 'fastify';
import * as z from 'zod';
import type { RegistryConfig } from '../../config.js';
import { InjectRegistryConfig } from '../../registry-config.module.js';
import { success, successOf, type Success } from '../../success.js';
import { CommandBook } from './command-book.js';
import {
  commandNameSchema,
  commandViewSchema,
  instanceCommandSchema,
  type CommandAnswer,
  type InstanceCommandBody,
} from './command-schemas.js';
import { InstanceCommander } from './instance-commander.js';

const id = z.string().min(1).max(200);
const oneCommand = successOf(commandViewSchema);
const listSchema = z.strictObject({ instanceId: id.optional() });

@ApiTags('cluster')
@Controller('cluster')
export class CommandsController {
  constructor(
    private readonly commander: InstanceCommander,
    private readonly book: CommandBook,
    @InjectRegistryConfig() private readonly config: RegistryConfig,
  ) {}

  @Post('instances/:instanceId/:command')
  @HttpCode(202)
  @ApiParam({ name: 'command', enum: INSTANCE_COMMANDS })
  @ApiOperation({
    summary:
      'Commands an instance: the leader hands it out, the instance does it once; see Location for what came of it',
  })
  @ApiResponse({ status: 202, description: 'The command, with its id', standardSchema: oneCommand })
  @ApiResponse({ status: 404, description: 'Problem that names the instances there are' })
  @ApiResponse({ status: 409, description: 'Problem: it has a command that has not ended, or takes none' })
  async command(
    @Param('instanceId', { schema: id }) instanceId: string,
    @Param('command', { schema: commandNameSchema }) command: InstanceCommandName,
    @Body({ schema: instanceCommandSchema }) body: InstanceCommandBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Success<CommandAnswer>> {
    const { commandTimeoutMs } = this.config.cluster;
    const wanted = { ...body, timeoutMs: body.timeoutMs ?? commandTimeoutMs };
    const view = await this.commander.command(instanceId, command, wanted);
    reply.header('location', `/cluster/commands/${view.commandId}`);
    return success(answerOf(view));
  }

  @Get('commands')
  @ApiQuery({ name: 'instanceId', required: false, type: String })
  @ApiOperation({ summary: 'Commands to instances, the newest first: state, who, why, and what came of each' })
  @ApiResponse({
    status: 200,
    description: 'At most the last 1000',
    standardSchema: successOf(z.array(commandViewSchema)),
  })
  list(@Query({ schema: listSchema }) { instanceId }: z.infer<typeof listSchema>): Success<CommandAnswer[]> {
    return success(this.book.list(instanceId).map(answerOf));
  }

  @Get('commands/:commandId')
  @ApiOperation({ summary: 'One command' })
  @ApiResponse({ status: 200, description: 'The command', standardSchema: oneCommand })
  @ApiResponse({ status: 404, description: 'Problem: there is none with this id' })
  get(@Param('commandId', { schema: id }) commandId: string): Success<CommandAnswer> {
    const view = this.book.get(commandId);
    if (view) return success(answerOf(view));
    throw new ProblemException(404, 'Not Found', { detail: `there is no command ${commandId}` });
  }
}

function answerOf({ version: _version, ...answer }: InstanceCommandView): CommandAnswer {
  return answer;
}
