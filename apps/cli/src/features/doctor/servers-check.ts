import type { UpstreamDefinition } from '@signalbox/contracts';
import { connectUpstream, LATEST_SESSION_REVISION } from '@signalbox/mcp';
import type { Api } from '../../api.js';
import { oneLine } from '../../clean.js';
import type { Environment } from '../../surroundings.js';
import type { ShownServer } from '../servers/server-texts.js';
import { ok, reasonOf, warning, wrong, type Finding } from './finding.js';

const LIST_WITHIN_MS = 15_000;
const AT_ONCE = 4;
const MAX_REASON = 300;

/** Starts or reaches each server as an executor would, asks what it has, and ends it. */
export async function checkServers(definitions: readonly UpstreamDefinition[], env: Environment): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (let at = 0; at < definitions.length; at += AT_ONCE) {
    const some = definitions.slice(at, at + AT_ONCE);
    findings.push(...(await Promise.all(some.map((definition) => checkServer(definition, env)))));
  }
  return findings;
}

async function checkServer(definition: UpstreamDefinition, env: Environment): Promise<Finding> {
  const { name, target, settings } = definition;
  const check = `server ${name}`;
  if (target.kind === 'http' && target.auth) {
    return warning(check, `${target.url} wants OAuth, which only an executor does`, 'Look at it once Signalbox runs.');
  }
  try {
    const connection = await connectUpstream(target, {
      clientInfo: { name: 'signalbox-doctor', version: '0' },
      capabilities: {},
      protocolVersion: LATEST_SESSION_REVISION,
      connectTimeoutMs: settings.connectTimeoutMs,
      era: settings.era,
      env,
    });
    try {
      const deadline = Date.now() + LIST_WITHIN_MS;
      const outcome = await connection.request('tools/list', {}, { deadline });
      if ('error' in outcome) return ok(check, `starts; it lists no tools (${oneLine(outcome.error.message)})`);
      const { tools } = outcome.result as { tools?: unknown };
      return ok(check, `starts, and has ${Array.isArray(tools) ? tools.length : 0} tools`);
    } finally {
      await connection.close('the check is over');
    }
  } catch (error) {
    return wrong(check, oneLine(reasonOf(error), MAX_REASON), todoOf(definition));
  }
}

function todoOf({ name, target }: UpstreamDefinition): string {
  if (target.kind === 'http') return `Start the server behind ${target.url}, or correct mcpServers.${name}.`;
  const command = [target.command, ...target.args].join(' ');
  return `Try it in a shell: ${oneLine(command, 200)} — and correct mcpServers.${name}.`;
}

/** How the servers are where a Signalbox runs already: nothing is started a second time. */
export async function checkRunningServers(api: Api): Promise<Finding[]> {
  const { data } = await api.get<{ data: (ShownServer & { source?: string })[] }>('registry', '/servers');
  return data.filter(({ source }) => source !== 'built-in').map(runningFinding);
}

function runningFinding({ name, state, tools, lastError, degradedReason, stoppedReason }: ShownServer): Finding {
  const check = `server ${name}`;
  if (state === 'running') return ok(check, `runs, and has ${tools.length} tools`);
  if (state === 'failed') {
    return wrong(check, oneLine(lastError?.error ?? 'failed', MAX_REASON), `See "signalbox servers logs ${name}".`);
  }
  const reason = oneLine(degradedReason ?? stoppedReason ?? lastError?.error ?? '', MAX_REASON);
  const found = reason === '' ? state : `${state}: ${reason}`;
  return warning(check, found, `See "signalbox servers logs ${name}".`);
}
