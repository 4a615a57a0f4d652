import type { ServiceName } from '@signalbox/contracts';
import { bindOf, portOf, type Settings } from '../config/settings.js';

/** A service that could not be started, for a reason its operator can mend; the message says how. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** Says what is wrong in the operator's terms. */
export function startError(service: ServiceName, settings: Settings, error: unknown): StartError {
  const { code, message } = error as NodeJS.ErrnoException;
  const bind = bindOf(settings, service);
  const where = `${bind}:${portOf(settings, service)}`;
  const why: Record<string, string> = {
    EADDRINUSE: `${where} is in use by another program. Free it, or set SIGNALBOX_PORT_BASE (now ${settings.portBase}) to another start of five free ports.`,
    EACCES: `${where} needs more rights than this process has. Set SIGNALBOX_PORT_BASE (now ${settings.portBase}) to 1024 or above.`,
    EADDRNOTAVAIL: `${bind} is no address of this machine (SIGNALBOX_BIND).`,
  };
  return new StartError(`The ${service} could not be started: ${why[code ?? ''] ?? message}`, { cause: error });
}
