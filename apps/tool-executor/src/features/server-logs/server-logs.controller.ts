import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { nearestNames } from '@signalbox/mcp';
import { InjectContext, ProblemException, type ServiceContext } from '@signalbox/nest-kit';
import * as z from 'zod';
import type { OutputLine } from '../connections/server-output.js';
import { UpstreamServers } from '../connections/upstream-servers.js';

const MAX_LINES = 10_000;
const querySchema = z.strictObject({
  /** `n` of the last line that is known. */
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(MAX_LINES).default(200),
});

export interface ServerLogAnswer {
  readonly server: string;
  readonly executor: string;
  readonly transport: 'stdio' | 'http';
  readonly state: string;
  /** The oldest first. */
  readonly lines: readonly OutputLine[];
}

@ApiTags('servers')
@Controller('servers/:name/logs')
export class ServerLogsController {
  constructor(
    private readonly servers: UpstreamServers,
    @InjectContext() private readonly context: ServiceContext,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The newest lines that a stdio server has written to its standard error, without secrets' })
  @ApiQuery({ name: 'after', required: false, schema: { type: 'integer', minimum: 0 }, description: '`n` of a line' })
  @ApiQuery({
    name: 'limit',
    required: false,
    schema: { type: 'integer', minimum: 1, maximum: MAX_LINES, default: 200 },
  })
  @ApiResponse({
    status: 200,
    description: '{"server", "executor", "transport", "state", "lines": [{"n", "time", "pid", "text"}]}',
  })
  @ApiResponse({ status: 404, description: 'Problem with the nearest names' })
  read(
    @Param('name', { schema: z.string().min(1).max(100) }) name: string,
    @Query({ schema: querySchema }) { after, limit }: z.infer<typeof querySchema>,
  ): ServerLogAnswer {
    const server = this.servers.get(name);
    if (!server) throw this.#unknown(name);
    return {
      server: name,
      executor: this.context.instanceId,
      transport: server.definition.target.kind,
      state: server.supervisor.state,
      lines: this.servers.outputs.get(name)?.read(after, limit) ?? [],
    };
  }

  #unknown(name: string): ProblemException {
    const names = [...this.servers.all()].map((server) => server.name);
    const nearest = nearestNames(name, names);
    const hint = nearest.length === 0 ? '' : `; did you mean ${nearest.join(', ')}?`;
    return new ProblemException(404, 'Not Found', { detail: `no server is called ${name}${hint}`, name, nearest });
  }
}
