import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { InjectContext, ProblemException, type ServiceContext } from '@signalbox/nest-kit';
import * as z from 'zod';
import { success, successOf, type Success } from '../../success.js';
import { DiscoveredServers } from './discovered-servers.js';
import { discoveryAnswerSchema, reportOf, type DiscoveryAnswer } from './discovery-answer.js';
import { Discoverer, DISCOVERY } from './discoverer.js';
import { isInside, portRange } from './port-range.js';
import { ScanSource } from './sources/scan-source.js';

const answer = successOf(discoveryAnswerSchema);
const runSchema = z
  .strictObject({ source: z.string().optional().describe('One source; all when absent') })
  .prefault({});
const scanSchema = z.strictObject({
  host: z.string().min(1).max(253).default('127.0.0.1'),
  ports: z.string().max(20).describe('`9000-9099`, within a range of the configuration'),
});
const scanned = successOf(
  z.object({
    found: z.array(z.object({ name: z.string(), url: z.string() })),
    problems: z.array(z.string()),
  }),
);

@ApiTags('discovery')
@Controller('discovery')
export class DiscoveryController {
  constructor(
    private readonly discoverer: Discoverer,
    private readonly servers: DiscoveredServers,
    @InjectContext() private readonly context: ServiceContext,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Where MCP servers are looked for: last run, state, what was found, errors' })
  @ApiResponse({ status: 200, description: 'By source, those first whose word counts first', standardSchema: answer })
  async get(): Promise<Success<DiscoveryAnswer>> {
    const { runners, leads, config } = this.discoverer;
    const instanceId = leads ? this.context.instanceId : ((await this.#leader()) ?? null);
    return success({
      leader: { instanceId, isHere: leads },
      approve: config.approve,
      sources: runners.map((runner) => reportOf(runner, this.discoverer, this.servers)),
    });
  }

  @Post('run')
  @HttpCode(200)
  @ApiOperation({ summary: 'Asks the sources now, and takes what they name' })
  @ApiResponse({ status: 200, description: 'What came of it', standardSchema: answer })
  @ApiResponse({ status: 404, description: 'Problem that names the sources there are' })
  @ApiResponse({ status: 409, description: 'Problem that names the registry that leads the discovery' })
  async run(@Body({ schema: runSchema }) { source }: z.infer<typeof runSchema>): Promise<Success<DiscoveryAnswer>> {
    const all = this.discoverer.runners;
    const chosen = source === undefined ? all : all.filter((runner) => runner.source.name === source);
    if (source !== undefined && chosen.length === 0) {
      const names = all.map((runner) => runner.source.name);
      const detail = `no source is called ${source}; there are: ${names.join(', ') || 'none'}`;
      throw new ProblemException(404, 'Not Found', { detail, sources: names });
    }
    if (chosen.length > 0 && !this.discoverer.leads) {
      const leader = (await this.#leader()) ?? null;
      const detail = `${leader ?? 'no registry yet'} leads the discovery: ask there`;
      throw new ProblemException(409, 'Conflict', { detail, leader });
    }
    await this.discoverer.run(chosen);
    return this.get();
  }

  @Post('scan')
  @HttpCode(200)
  @ApiOperation({ summary: 'Looks for MCP servers in a part of a range that the configuration allows; defines none' })
  @ApiResponse({ status: 200, description: 'What is there', standardSchema: scanned })
  @ApiResponse({ status: 400, description: 'Problem: it is no range' })
  @ApiResponse({ status: 403, description: 'Problem that names the ranges which are allowed' })
  async scan(
    @Body({ schema: scanSchema }) { host, ports }: z.infer<typeof scanSchema>,
  ): Promise<Success<z.infer<typeof scanned>['data']>> {
    const range = portRange(ports);
    if (!range)
      throw new ProblemException(400, 'Bad Request', {
        detail: `ports: ${ports} is no range; 9000-9099 is one, of at most 1000 ports`,
      });
    const allowed = this.discoverer.runners.flatMap(({ source }) => (source instanceof ScanSource ? [source] : []));
    const source = allowed.find((one) => one.host === host && isInside(range, one.range));
    if (!source) {
      const ranges = allowed.map((one) => `${one.host}:${one.range.from}-${one.range.to}`);
      const detail = `${host}:${ports} may not be scanned; signalbox.discovery.scan allows: ${ranges.join(', ') || 'nothing'}`;
      throw new ProblemException(403, 'Forbidden', { detail, allowed: ranges });
    }
    const { found, problems } = await source.scan(range, AbortSignal.timeout(this.discoverer.config.timeoutMs));
    return success({
      found: found.map(({ name, entry }) => ({ name, url: String(entry['url']) })),
      problems: [...problems],
    });
  }

  async #leader(): Promise<string | undefined> {
    return this.context.ports.leader.leader(DISCOVERY).catch(() => undefined);
  }
}
