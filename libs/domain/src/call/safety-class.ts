import type { SafetyClass, UpstreamSettings } from '@signalbox/contracts';

type Settings = Pick<UpstreamSettings, 'tools' | 'trusted'>;

/** Tool → class. */
export type ToolClasses = Readonly<Record<string, SafetyClass>>;

/** The classes after an operator has said something of one tool. @param wanted null: as the configuration says again */
export function withToolClass(said: ToolClasses, tool: string, wanted: SafetyClass | null): ToolClasses {
  const { [tool]: _before, ...others } = said;
  return wanted === null ? others : { ...others, [tool]: wanted };
}

/**
 * The safety class of a tool (DESIGN section 2): the operator's word, else the annotations of a trusted server, else `unsafe`.
 * @param tool as its server describes it, under its name there
 * @param said what operators have said by the API, by tool; it goes before the configuration
 * @param stated what a peer says of a tool of its own; it goes before annotations
 */
export function safetyClassOf(
  tool: { readonly name: string; readonly annotations?: unknown },
  settings: Settings | undefined,
  said: ToolClasses = {},
  stated?: SafetyClass,
): SafetyClass {
  const set = Object.hasOwn(said, tool.name) ? said[tool.name] : settingsOf(tool.name, settings)?.class;
  if (set) return set;
  if (stated) return stated;
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
