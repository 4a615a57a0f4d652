import { TASK_SUPPORT, type TaskSupport, type UpstreamSettings } from '@signalbox/contracts';

/**
 * Whether calls of a tool become tasks: as the operator says, else as the tool does (MCP 2025-11-25: `execution.taskSupport`).
 * @param definition the tool as its server lists it
 */
export function taskSupportOf(
  definition: { readonly name: string; readonly [field: string]: unknown },
  settings: Pick<UpstreamSettings, 'tools'> | undefined,
): TaskSupport {
  const { name, execution } = definition;
  const configured = settings && Object.hasOwn(settings.tools, name) ? settings.tools[name]!.task : undefined;
  if (configured !== undefined) return configured;
  const said = (execution as { readonly taskSupport?: unknown } | null | undefined)?.taskSupport;
  return TASK_SUPPORT.find((support) => support === said) ?? 'auto';
}
