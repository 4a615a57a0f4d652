import { EXIT } from '../../exit-codes.js';
import type { Kit } from '../../kit.js';
import type { Inspected } from '../../surroundings.js';

/** Ends with 1 when anything is wrong. @param file the one that SIGNALBOX_CONFIG names, or the program's own, when absent */
export async function checkConfig(kit: Kit, file: string | undefined, json: boolean): Promise<void> {
  const argv = file === undefined ? [] : ['--config', file];
  const found = await kit.surroundings.inspect({ env: kit.surroundings.env, argv });
  const { problems, isFatal, servers } = found;
  const path = file ?? found.path;
  if (json) {
    kit.output.json({ ok: problems.length === 0, path, isFatal, problems, servers: servers.map(({ name }) => name) });
  } else {
    for (const line of checkLines(found, path)) kit.output.line(line);
  }
  if (problems.length > 0) kit.exitCode = EXIT.failed;
}

export function checkLines(
  { problems, isFatal, servers }: Pick<Inspected, 'problems' | 'isFatal' | 'servers'>,
  path: string | undefined,
): string[] {
  const what = path ?? "the program's own configuration";
  const lines = problems.map(({ path: at, message, where }) => {
    return `${at}: ${message}${where === undefined ? '' : ` (${where})`}`;
  });
  if (lines.length === 0)
    return [`${what}: nothing is wrong; servers: ${servers.map(({ name }) => name).join(', ') || 'none'}`];
  const end = isFatal ? 'Signalbox would not start with it.' : 'Signalbox would start, without these.';
  return [`${what}: ${lines.length === 1 ? 'one thing is' : `${lines.length} things are`} wrong`, ...lines, end];
}
