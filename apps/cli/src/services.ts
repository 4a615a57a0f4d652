import { PORT_OFFSETS, SERVICE_NAMES, type ServiceName } from '@signalbox/contracts';
import { CliError, EXIT } from './exit-codes.js';
import type { Environment } from './surroundings.js';

const HIGHEST_BASE = 65_535 - Math.max(...Object.values(PORT_OFFSETS));

export type ServiceUrls = Readonly<Record<ServiceName, string>>;

/**
 * Where the services are: at `url` and the ports after it, else on this machine at SIGNALBOX_PORT_BASE.
 * @param url the gateway's, such as http://10.0.0.5:3000
 * @throws CliError
 */
export function serviceUrls(url: string | undefined, env: Environment): ServiceUrls {
  const base = url ?? (env['SIGNALBOX_URL'] || `http://127.0.0.1:${env['SIGNALBOX_PORT_BASE'] || 3000}`);
  const parsed = URL.parse(base);
  const where = url !== undefined ? '--url' : env['SIGNALBOX_URL'] ? 'SIGNALBOX_URL' : 'SIGNALBOX_PORT_BASE';
  if (!parsed || !/^https?:$/.test(parsed.protocol)) {
    throw new CliError(`${where}: "${base}" is no URL such as http://127.0.0.1:3000`, EXIT.usage);
  }
  const port = Number(parsed.port || (parsed.protocol === 'https:' ? 443 : 80));
  if (port > HIGHEST_BASE) {
    throw new CliError(`${where}: the port must be at most ${HIGHEST_BASE}; the services take five`, EXIT.usage);
  }
  return Object.fromEntries(
    SERVICE_NAMES.map((name) => [name, `${parsed.protocol}//${parsed.hostname}:${port + PORT_OFFSETS[name]}`]),
  ) as ServiceUrls;
}
