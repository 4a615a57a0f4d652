import type { SafetyClass, UpstreamSettings } from '@signalbox/contracts';

type Settings = Pick<UpstreamSettings, 'tools' | 'trusted'>;

/**
 * The safety class of a tool (DESIGN section 2): the operator's word, else the annotations of a trusted server, else `unsafe`.
 * @param tool as its server describes it, under its name there
 */
export function safetyClassOf(
  tool: { readonly name: string; readonly annotations?: unknown },
  settings: Settings | undefined,
): SafetyClass {
  const set = settingsOf(tool.name, settings)?.class;
  if (set) return set;
  const { annotations } = tool;
  if (!settings?.trusted || typeof annotations !== 'object' || annotations === null) return 'unsafe';
  const hints = annotations as { readonly readOnlyHint?: unknown; readonly idempotentHint?: unknown };
  if (hints.readOnlyHint === true) return 'read';
  return hints.idempotentHint === true ? 'idempotent' : 'unsafe';
}

/** Whether a call may go on while its events wait for the group commit: what may be repeated without harm, unless configured. */
export function isQueued(tool: string, safetyClass: SafetyClass, settings: Settings | undefined): boolean {
  const wanted = settingsOf(tool, settings)?.durability;
  if (safetyClass === 'read') return wanted !== 'ahead';
  return safetyClass === 'idempotent' && wanted === 'queued';
}

const settingsOf = (tool: string, settings: Settings | undefined) =>
  settings && Object.hasOwn(settings.tools, tool) ? settings.tools[tool] : undefined;
