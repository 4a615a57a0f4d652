import { Controller, Get, Param } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { ConfigProblem } from '@signalbox/ports';
import * as z from 'zod';
import { success, successOf, type Success } from '../../success.js';
import { serverAnswerSchema, type ServerAnswer } from './server-answer.js';
import { ServerCatalogue } from './server-catalogue.js';
import { unknownServer } from './unknown-server.js';

const problemSchema = z.object({ path: z.string(), message: z.string() });
const listSchema = z.object({
  success: z.literal(true),
  data: z.array(serverAnswerSchema),
  problems: z.array(problemSchema).describe('Entries of the configuration that are wrong, by path'),
});

@ApiTags('servers')
@Controller('servers')
export class ServersController {
  constructor(private readonly catalogue: ServerCatalogue) {}

  @Get()
  @ApiOperation({ summary: 'The configured upstream MCP servers: state, tools, last error' })
  @ApiResponse({
    status: 200,
    description: 'By name, with what is wrong in the configuration',
    standardSchema: listSchema,
  })
  list(): Success<ServerAnswer[]> & { problems: readonly ConfigProblem[] } {
    return { ...success(this.catalogue.list()), problems: this.catalogue.problems };
  }

  @Get(':name')
  @ApiOperation({ summary: 'One upstream server, also one that was removed' })
  @ApiResponse({ status: 200, description: 'The server', standardSchema: successOf(serverAnswerSchema) })
  @ApiResponse({ status: 404, description: 'Problem that names the servers there are' })
  get(@Param('name', { schema: z.string().min(1).max(100) }) name: string): Success<ServerAnswer> {
    const server = this.catalogue.get(name);
    if (server) return success(server);
    throw unknownServer(
      name,
      this.catalogue.list().map((known) => known.name),
    );
  }
}
