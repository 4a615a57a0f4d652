import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { RecordedEvent } from '@signalbox/contracts';
import { evolveCommand, isOpen, type InstanceCommandView } from '@signalbox/domain/cluster';
import { EntityLog } from '../../entity-log.js';

/** Commands that have ended and are shown; older ones are in the log. */
const MAX_ENDED = 1_000;

/** All commands to instances, as the log tells them. */
@Injectable()
export class CommandBook implements OnModuleInit {
  readonly #commands = new Map<string, InstanceCommandView>();
  readonly #open = new Map<string, InstanceCommandView>();
  /** Of each instance's stream of commands. */
  readonly #versions = new Map<string, number>();
  readonly #listeners = new Set<() => void>();

  constructor(private readonly log: EntityLog) {}

  onModuleInit(): void {
    this.log.onEvent((event) => this.#apply(event));
  }

  get(commandId: string): InstanceCommandView | undefined {
    return this.#commands.get(commandId);
  }

  /** Those that have no end yet. */
  open(): InstanceCommandView[] {
    return [...this.#open.values()];
  }

  /** The command that an instance has now. */
  openOf(instanceId: string): InstanceCommandView | undefined {
    return this.#open.get(instanceId);
  }

  /** The newest first. */
  list(instanceId?: string): InstanceCommandView[] {
    const all = [...this.#commands.values()].reverse();
    return instanceId === undefined ? all : all.filter((command) => command.instanceId === instanceId);
  }

  /** Of an instance's stream of commands; 0 before the first. */
  versionOf(instanceId: string): number {
    return this.#versions.get(instanceId) ?? 0;
  }

  /** Hears of each change. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  #apply(event: RecordedEvent): void {
    if (!event.type.startsWith('instance.command')) return;
    const { commandId, instanceId } = event.data as { commandId: string; instanceId: string };
    this.#versions.set(instanceId, event.streamVersion);
    const command = evolveCommand(this.#commands.get(commandId), event);
    if (!command) return;
    this.#commands.set(commandId, command);
    if (isOpen(command)) this.#open.set(instanceId, command);
    else if (this.#open.get(instanceId)?.commandId === commandId) this.#open.delete(instanceId);
    this.#forgetOld();
    for (const listener of this.#listeners) listener();
  }

  #forgetOld(): void {
    if (this.#commands.size - this.#open.size <= MAX_ENDED) return;
    for (const [id, command] of this.#commands) {
      if (isOpen(command)) continue;
      this.#commands.delete(id);
      return;
    }
  }
}
