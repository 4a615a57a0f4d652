import type { HttpTarget, StdioTarget } from '@signalbox/contracts';
import type { ServiceDirectory } from '@signalbox/ports';

/**
 * Where a server is now. The suite's own services are where the directory says, any of those that are up; all others, and
 * those that it does not name now, are where their definition says.
 */
export async function locateTarget(
  target: StdioTarget | HttpTarget,
  directory: Pick<ServiceDirectory, 'findServices'>,
): Promise<StdioTarget | HttpTarget> {
  if (target.kind !== 'http' || target.service === undefined) return target;
  const up = await directory.findServices({ serviceName: target.service, status: 'UP' }).catch(() => []);
  const instance = up[Math.floor(Math.random() * up.length)];
  if (instance === undefined) return target;
  const url = new URL(target.url);
  const { host } = instance;
  url.hostname = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  url.port = String(instance.port);
  return { ...target, url: url.href };
}
