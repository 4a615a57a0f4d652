import type { UpstreamDefinition } from '@signalbox/contracts';
import { describeProblem, localUrl, VERSION, type LoadedConfig } from '@signalbox/platform';

/** What a person who has just typed `npm start` needs next. */
export function banner(config: Pick<LoadedConfig, 'path' | 'problems' | 'servers' | 'settings'>): string {
  const { settings, problems, servers } = config;
  const endpoint = `${localUrl(settings, 'gateway')}/mcp`;
  const client = { mcpServers: { signalbox: { type: 'http', url: endpoint } } };
  return [
    '',
    `Signalbox ${VERSION}`,
    '',
    `  MCP endpoint   ${endpoint}`,
    `  Monitor        ${localUrl(settings, 'monitor')}/`,
    `  Configuration  ${config.path ?? 'built-in default (--config FILE for your own)'}`,
    `  Data           ${settings.dataDir}`,
    `  Servers        ${servers.map(describeServer).join(', ')} (starting)`,
    ...problems.map(
      (problem, index) => `${index === 0 ? '  Problems       ' : ' '.repeat(17)}${describeProblem(problem)}`,
    ),
    '',
    'Paste this into the configuration of your MCP client:',
    '',
    JSON.stringify(client, null, 2),
    '',
    'Ctrl-C ends everything.',
    '',
    '',
  ].join('\n');
}

function describeServer({ name, source }: UpstreamDefinition): string {
  return source === 'built-in' ? `${name} (built in)` : name;
}
