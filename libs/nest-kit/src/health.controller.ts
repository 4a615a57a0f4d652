import { Controller, Get, HttpCode } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ProblemException } from './problem.js';
import { ReadinessProbe } from './readiness-probe.js';

@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(private readonly readiness: ReadinessProbe) {}

  @Get('live')
  @HttpCode(200)
  @ApiOperation({ summary: 'Whether the process answers at all' })
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({ summary: 'Whether every port that the service uses answers; 503 names those that do not' })
  async ready(): Promise<{ status: 'ok'; checks: Record<string, 'ok'> }> {
    const checks = await this.readiness.check();
    const failed = Object.entries(checks).filter(([, result]) => result !== 'ok');
    if (failed.length > 0) {
      const detail = failed.map(([name, reason]) => `${name}: ${reason}`).join('; ');
      throw new ProblemException(503, 'Service Unavailable', { detail, checks, retryable: true });
    }
    return { status: 'ok', checks: checks as Record<string, 'ok'> };
  }
}
