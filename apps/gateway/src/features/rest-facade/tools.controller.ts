import { Body, Controller, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { MethodRouter, nearestNames, type Outcome } from '@signalbox/mcp';
import { InjectContext, ProblemException, type ServiceContext } from '@signalbox/nest-kit';
import type { FastifyRequest } from 'fastify';
import type { Caller } from '../../caller.js';
import { principalOf } from '../auth/front-guard.js';
import { Backends } from '../forward/backends.js';
import { CALL_ID, type CallOutcome } from '../call-tool/tool-caller.js';
import { Catalogue } from '../catalogue/catalogue.js';
import { callProblem } from './call-problem.js';
import { SILENT_CHANNEL } from './silent-channel.js';
import { listTools, type ToolPage } from './tool-list.js';
import {
  callBodySchema,
  listToolsSchema,
  toolNameSchema,
  type CallBody,
  type ListToolsQuery,
} from './tools.schemas.js';

@ApiTags('tools')
@Controller('tools')
export class ToolsController {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly router: MethodRouter<Caller>,
    private readonly backends: Backends,
    @InjectContext() private readonly context: ServiceContext,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Tools of all servers, as their servers describe them' })
  @ApiQuery({ name: 'server', required: false, schema: { type: 'string' } })
  @ApiQuery({ name: 'query', required: false, schema: { type: 'string' }, description: 'words that must all occur' })
  @ApiQuery({ name: 'cursor', required: false, schema: { type: 'string' } })
  @ApiQuery({ name: 'limit', required: false, schema: { type: 'integer', minimum: 1, maximum: 1000, default: 100 } })
  @ApiResponse({ status: 200, description: '{"tools": […], "next": "<cursor>" | null}' })
  @ApiResponse({ status: 400, description: 'Problem: a parameter is wrong' })
  list(@Query({ schema: listToolsSchema }) query: ListToolsQuery): ToolPage {
    return listTools(this.catalogue, query);
  }

  @Post(':name/call')
  @HttpCode(200)
  @ApiOperation({ summary: 'Calls a tool and answers with its result' })
  @ApiParam({ name: 'name', description: '`<server>__<tool>`, or the tool’s own name when only one server has it' })
  @ApiBody({
    required: false,
    description:
      '`{"arguments": {…}, "timeoutMs"?: n}`, or the arguments themselves. An object whose only keys are `arguments` (an object) and `timeoutMs` is taken as the first.',
    schema: { type: 'object', additionalProperties: true },
  })
  @ApiResponse({
    status: 200,
    description: '{"callId": "…", "result": {…}}; `result.isError` when the tool says it failed',
  })
  @ApiResponse({ status: 400, description: 'Problem: the body or the arguments are wrong' })
  @ApiResponse({ status: 404, description: 'Problem: no such tool; `nearest` has names like it' })
  @ApiResponse({ status: 502, description: 'Problem: the upstream server answered with an error' })
  @ApiResponse({ status: 503, description: 'Problem: the server cannot be reached now' })
  @ApiResponse({ status: 504, description: 'Problem: the deadline passed' })
  async call(
    @Param('name', { schema: toolNameSchema }) name: string,
    @Body({ schema: callBodySchema }) body: CallBody,
    @Req() { raw }: FastifyRequest,
  ): Promise<{ callId: string | undefined; result: unknown }> {
    const view = this.catalogue.view();
    if (!view.tool(name) && !view.own(name)) {
      const nearest = nearestNames(name, view.names('tools'));
      const hint = nearest.length > 0 ? `; the nearest names are ${nearest.join(', ')}` : '';
      throw new ProblemException(404, 'Unknown tool', { detail: `There is no tool ${name}${hint}`, nearest });
    }
    const error = this.backends.refusal(true);
    if (error)
      throw new ProblemException(503, 'Service unavailable', { detail: error.message, retryable: true, error });
    const { traceparent } = raw.headers;
    // through the middleware, like every call
    const outcome = await this.router.handle({
      id: 0,
      method: 'tools/call',
      params: { name, arguments: body.arguments },
      caller: { via: 'rest', client: { principal: principalOf(raw), gateway: this.context.instanceId } },
      channel: SILENT_CHANNEL,
      bytes: Number(raw.headers['content-length'] ?? Infinity),
      traceparent: typeof traceparent === 'string' ? traceparent : undefined,
      headers: raw.headers,
      timeoutMs: body.timeoutMs,
    });
    return answerOf(outcome);
  }
}

/** @throws ProblemException for a call without a result */
function answerOf(outcome: Outcome): { callId: string | undefined; result: unknown } {
  const { callId: known } = outcome as Partial<CallOutcome>;
  if ('error' in outcome) {
    const { callId = known } = (outcome.error.data ?? {}) as { readonly callId?: string };
    throw callProblem(callId, outcome.error);
  }
  const result: unknown = 'resultText' in outcome ? JSON.parse(outcome.resultText) : outcome.result;
  const meta = (result as { readonly _meta?: Readonly<Record<string, unknown>> } | null)?._meta;
  return { callId: known ?? (meta?.[CALL_ID] as string | undefined), result };
}
