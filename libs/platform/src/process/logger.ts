import { pino, type Logger } from 'pino';
import type { ProcessSettings } from '../config/process-settings.js';

/** Where log lines go: standard error, so that standard output is the banner's. */
export interface LogStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** JSON lines, or readable ones on a terminal. Times are RFC 3339. */
export function createLogger(settings: ProcessSettings['logging'], stream: LogStream): Logger {
  const children = new Set<Logger>();
  const pretty = settings.format === 'pretty' || (settings.format === 'auto' && stream.isTTY === true);
  const logger = pino(
    {
      onChild: (child: Logger) => void children.add(child),
      level: settings.level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    { write: (line: string) => stream.write(pretty ? readable(line) : line) },
  );
  FAMILIES.set(logger, children);
  return logger;
}

/** The children of each logger: one a service, for as long as the process lives. */
const FAMILIES = new WeakMap<Logger, Set<Logger>>();

/** Sets the level of a logger that was made here, and of its children. */
export function setLevel(logger: Logger, level: ProcessSettings['logging']['level']): void {
  for (const one of [logger, ...(FAMILIES.get(logger) ?? [])]) one.level = level;
}

/** `12:00:01.123 INFO  gateway: is up url=http://127.0.0.1:3000/` */
function readable(line: string): string {
  const { level, time, msg, service, err, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const fields = Object.entries(rest).map(
    ([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const who = service === undefined ? '' : `${String(service)}: `;
  const error = err as { stack?: string; message?: string } | undefined;
  const trace = error === undefined ? '' : `\n${error.stack ?? error.message ?? JSON.stringify(error)}`;
  return `${String(time).slice(11, 23)} ${String(level).toUpperCase().padEnd(5)} ${who}${String(msg ?? '')}${fields.join('')}${trace}\n`;
}
