import { LOG_LEVELS } from '@signalbox/mcp';

export { LOG_LEVELS };

/** Whether a client that asked for messages from `wanted` upwards gets one of `level`. */
export function passesLevel(level: unknown, wanted: string | undefined): boolean {
  if (wanted === undefined) return true;
  const severity = LOG_LEVELS.indexOf(level as (typeof LOG_LEVELS)[number]);
  return severity < 0 || severity >= LOG_LEVELS.indexOf(wanted as (typeof LOG_LEVELS)[number]);
}
