import {
  BadRequestException,
  Controller,
  Get,
  Header,
  NotFoundException,
  Param,
  Query,
  Redirect,
} from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { AuthorizationError } from '@signalbox/mcp';
import { Authorizers } from '../connections/authorizers.js';
import { UpstreamServers } from '../connections/upstream-servers.js';

/** What a human does to let Signalbox use a server in their name. */
@ApiTags('oauth')
@Controller('oauth')
export class AuthorizeController {
  constructor(
    private readonly authorizers: Authorizers,
    private readonly servers: UpstreamServers,
  ) {}

  @Get('servers/:server')
  @Redirect()
  @ApiOperation({ summary: 'Sends the browser to the authorization server of an upstream server' })
  @ApiResponse({ status: 302, description: 'Where a human says yes or no' })
  async begin(@Param('server') server: string): Promise<{ url: string; statusCode: number }> {
    const authorizer = this.authorizers.get(server);
    if (!authorizer) throw new NotFoundException(`"${server}" is no server with "auth" in its entry`);
    const url = await authorizer.begin().catch(asBadRequest);
    if (!url) throw new BadRequestException(`"${server}" needs no human: its token is there`);
    return { url: url.href, statusCode: 302 };
  }

  @Get('callback')
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('cache-control', 'no-store')
  @Header('referrer-policy', 'no-referrer')
  @ApiOperation({ summary: 'Where authorization servers send the browser back to' })
  @ApiOkResponse({ description: 'The server is authorized' })
  async finish(@Query() query: Record<string, unknown>): Promise<string> {
    const answer = new URLSearchParams(
      Object.entries(query).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
    );
    const server = this.authorizers.waitingFor(answer.get('state') ?? '');
    const authorizer = server === undefined ? undefined : this.authorizers.get(server);
    if (server === undefined || !authorizer) {
      throw new BadRequestException('No authorization waits for this answer: it was given already, or too late.');
    }
    await authorizer.finish(answer).catch(asBadRequest);
    // the next attempt by itself might be half a minute away
    void this.servers.start(server);
    return `<!doctype html><title>Signalbox</title><p>Signalbox may use the server <b>${server}</b>. You can close this page.`;
  }
}

function asBadRequest(error: unknown): never {
  throw error instanceof AuthorizationError ? new BadRequestException(error.message) : error;
}
