import { Body, Controller, Delete, HttpCode, Param, Post, Put, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import { SERVER_COMMANDS, type ServerCommandName } from '@signalbox/contracts';
import type { FastifyReply } from 'fastify';
import * as z from 'zod';
import { success, successOf, type Success } from '../../success.js';
import { serverAnswerSchema, type ServerAnswer } from '../servers/server-answer.js';
import { ServerCatalogue } from '../servers/server-catalogue.js';
import { unknownServer } from '../servers/unknown-server.js';
import {
  commandName,
  commandSchema,
  definitionSchema,
  nameSchema,
  newServerSchema,
  removalSchema,
  type CommandBody,
  type DefinitionBody,
  type NewServer,
  type Removal,
} from './lifecycle-schemas.js';
import { ServerCommander, type ObeyedCommand } from './server-commander.js';
import { ServerDefiner } from './server-definer.js';

const oneServer = successOf(serverAnswerSchema);
const obeyed = z.object({
  success: z.literal(true),
  data: serverAnswerSchema,
  commands: z
    .array(z.object({ server: z.string(), command: z.enum(SERVER_COMMANDS) }))
    .describe('What was commanded, in that order; nothing when it was so already'),
});

@ApiTags('servers')
@Controller('servers')
export class LifecycleController {
  constructor(
    private readonly catalogue: ServerCatalogue,
    private readonly definer: ServerDefiner,
    private readonly commander: ServerCommander,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Defines a server; it is started at once, and comes back after a restart' })
  @ApiResponse({ status: 201, description: 'The server', standardSchema: oneServer })
  @ApiResponse({ status: 400, description: 'Problem that names each fault by its path' })
  @ApiResponse({ status: 409, description: 'Problem: the name is taken, or servers would depend on each other' })
  async define(@Body({ schema: newServerSchema }) body: NewServer): Promise<Success<ServerAnswer>> {
    await this.definer.define(body.name, body.definition, body, true);
    return success(this.#answer(body.name));
  }

  @Put(':name')
  @ApiOperation({ summary: 'Gives a server another definition, or defines it; calls that run finish with the old one' })
  @ApiResponse({ status: 200, description: 'The server', standardSchema: oneServer })
  @ApiResponse({ status: 201, description: 'The server, which was not there before', standardSchema: oneServer })
  @ApiResponse({ status: 400, description: 'Problem that names each fault by its path' })
  @ApiResponse({ status: 409, description: 'Problem: it comes from the configuration, or would depend on itself' })
  async redefine(
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: definitionSchema }) body: DefinitionBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Success<ServerAnswer>> {
    if (await this.definer.define(name, body.definition, body, false)) reply.status(201);
    return success(this.#answer(name));
  }

  @Delete(':name')
  @ApiOperation({ summary: 'Removes a server that was defined by the API; calls that run may finish' })
  @ApiResponse({ status: 200, description: 'The server as it was', standardSchema: oneServer })
  @ApiResponse({ status: 404, description: 'Problem with the nearest names' })
  @ApiResponse({ status: 409, description: 'Problem: it comes from the configuration, or others depend on it' })
  async remove(
    @Param('name', { schema: nameSchema }) name: string,
    @Query({ schema: removalSchema }) reasons: Removal,
  ): Promise<Success<ServerAnswer>> {
    this.#refuseUnknown(name);
    await this.definer.remove(name, reasons);
    return success(this.#answer(name));
  }

  @Post(':name/:command')
  @HttpCode(202)
  @ApiParam({ name: 'command', enum: SERVER_COMMANDS })
  @ApiOperation({ summary: 'Commands a server; every executor does as it says, and who and why are in the log' })
  @ApiResponse({ status: 202, description: 'The server, and what was commanded', standardSchema: obeyed })
  @ApiResponse({ status: 404, description: 'Problem with the nearest names' })
  @ApiResponse({ status: 409, description: 'Problem that names the precondition which does not hold' })
  async command(
    @Param('name', { schema: nameSchema }) name: string,
    @Param('command', { schema: commandName }) command: ServerCommandName,
    @Body({ schema: commandSchema }) body: CommandBody,
  ): Promise<Success<ServerAnswer> & { commands: ObeyedCommand[] }> {
    this.#refuseUnknown(name);
    const commands = await this.commander.command(name, command, body);
    return { ...success(this.#answer(name)), commands };
  }

  #refuseUnknown(name: string): void {
    const server = this.catalogue.get(name);
    if (server && server.state !== 'removed') return;
    throw unknownServer(
      name,
      this.catalogue.list().map((known) => known.name),
    );
  }

  #answer(name: string): ServerAnswer {
    return this.catalogue.get(name)!;
  }
}
