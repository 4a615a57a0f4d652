import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { ConfigProblem } from '@signalbox/ports';
import * as z from 'zod';
import { success, successOf, type Success } from '../../success.js';
import { ApiAsOf, asOfQuerySchema } from '../as-of/as-of.js';
import { PastServers } from './past-servers.js';
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
  constructor(
    private readonly catalogue: ServerCatalogue,
    private readonly past: PastServers,
  ) {}

  @Get()
  @ApiAsOf()
  @ApiOperation({ summary: 'The configured upstream MCP servers: state, tools, last error' })
  @ApiResponse({
    status: 200,
    description: 'By name, with what is wrong in the configuration',
    standardSchema: listSchema,
  })
  async list(
    @Query({ schema: asOfQuerySchema }) { asOf }: z.infer<typeof asOfQuerySchema>,
  ): Promise<Success<ServerAnswer[]> & { problems: readonly ConfigProblem[] }> {
    if (asOf !== undefined) return { ...success(await this.past.list(asOf)), problems: [] };
    return { ...success(this.catalogue.list()), problems: this.catalogue.problems };
  }

  @Get(':name')
  @ApiAsOf()
  @ApiOperation({ summary: 'One upstream server, also one that was removed' })
  @ApiResponse({ status: 200, description: 'The server', standardSchema: successOf(serverAnswerSchema) })
  @ApiResponse({ status: 404, description: 'Problem that names the servers there are' })
  async get(
    @Param('name', { schema: z.string().min(1).max(100) }) name: string,
    @Query({ schema: asOfQuerySchema }) { asOf }: z.infer<typeof asOfQuerySchema>,
  ): Promise<Success<ServerAnswer>> {
    const server = asOf === undefined ? this.catalogue.get(name) : await this.past.get(name, asOf);
    if (server) return success(server);
    throw unknownServer(
      name,
      this.catalogue.list().map((known) => known.name),
    );
  }
}
