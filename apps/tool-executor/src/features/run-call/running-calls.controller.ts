import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import type { RunningRequest } from './running-request.js';
import { RunningRequests } from './running-requests.js';

@ApiTags('calls')
@Controller('calls')
export class RunningCallsController {
  constructor(
    private readonly running: RunningRequests,
    @InjectContext() private readonly context: ServiceContext,
  ) {}

  @Get('running')
  @ApiOperation({ summary: 'Tool calls and other requests that this executor has in hand' })
  @ApiOkResponse({ description: 'Oldest first' })
  list(): { calls: object[] } {
    const now = this.context.ports.clock.now();
    return { calls: [...this.running.all()].map((request) => viewOf(request, now)) };
  }
}

function viewOf({ command, phase, deadline, receivedAt, pooled, cancelled }: RunningRequest, now: number): object {
  const { requestId, server, method, call, client } = command;
  return {
    requestId,
    server,
    method,
    ...(call ? { callId: call.callId, attempt: call.attempt, tool: call.tool, safetyClass: call.safetyClass } : {}),
    principal: client.principal,
    phase,
    cancelled: cancelled !== undefined,
    pid: pooled?.connection.pid,
    receivedAt: new Date(receivedAt).toISOString(),
    deadline: new Date(deadline).toISOString(),
    ageMs: now - receivedAt,
  };
}
