import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { createEvent, instanceCommands, newId, type InstanceCommandMessage, type NewEvent } from '@signalbox/contracts';
import { nextStep, type InstanceCommandView } from '@signalbox/domain/cluster';
import { InjectContext, InjectEventLog, type ServiceContext } from '@signalbox/nest-kit';
import { VersionConflictError } from '@signalbox/ports';
import { EventLog } from '@signalbox/runtime';
import { LoadBoard } from '../load/load-board.js';
import { CommandBook } from './command-book.js';
import { Leadership } from './leadership.js';

/** Time between two looks at the commands that are open, milliseconds: as often is one sent that nobody took. */
const LOOK_MS = 500;
/** Time after which a command that is still on its way is not handed out any more, milliseconds: it is sent again. */
const ON_ITS_WAY_MS = 2_000;

/**
 * Hands out the commands that are open while this registry leads, whoever led when they were given: sends each until its
 * instance has taken it, sees that it is done, and ends it at its deadline. Whatever it writes is written once, by the
 * version of the instance's stream.
 */
@Injectable()
export class CommandDispatcher implements OnModuleInit, BeforeApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #lookAgain = false;

  constructor(
    @InjectContext() private readonly context: ServiceContext,
    @InjectEventLog() private readonly log: EventLog,
    private readonly book: CommandBook,
    private readonly board: LoadBoard,
    private readonly leadership: Leadership,
  ) {}

  onModuleInit(): void {
    this.leadership.add({ lead: () => this.#look(), follow: () => clearTimeout(this.#timer) });
    this.book.onChange(() => this.#look());
    this.board.onBeat(({ instanceId }) => this.book.openOf(instanceId) && this.#look());
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#looking;
  }

  #look(): void {
    if (this.leadership.term === undefined) return;
    clearTimeout(this.#timer);
    this.#lookAgain = this.#looking !== undefined;
    this.#looking ??= this.#lookAtAll().finally(() => {
      this.#looking = undefined;
      if (this.leadership.term === undefined) return;
      if (this.#lookAgain) this.#look();
      else if (this.book.open().length > 0) this.#timer = setTimeout(() => this.#look(), LOOK_MS).unref();
    });
  }

  async #lookAtAll(): Promise<void> {
    await Promise.all(
      this.book.open().map((command) =>
        this.#advance(command).catch((error: unknown) => {
          const { commandId, instanceId } = command;
          this.context.logger?.warn({ err: error, commandId, instanceId }, 'a command cannot go on; it is tried again');
        }),
      ),
    );
  }

  async #advance(command: InstanceCommandView): Promise<void> {
    const { commandId, instanceId } = command;
    const term = this.leadership.term;
    if (term === undefined) return;
    const next = nextStep(command, this.context.ports.clock.now(), this.board.runOf(instanceId));
    if (next.step === 'send') return this.#send(command, term);
    if (next.step === 'complete') {
      await this.#end(command, createEvent('instance.command.completed', { commandId, instanceId, run: next.run }));
    } else if (next.step === 'fail') {
      const { reason } = next;
      await this.#end(command, createEvent('instance.command.failed', { commandId, instanceId, reason }));
    }
  }

  /** Whether the instance took it is in the log. */
  async #send(view: InstanceCommandView, term: number): Promise<void> {
    const { commandId, instanceId, command, who, why, version, deadline } = view;
    const body: InstanceCommandMessage = {
      ...{ commandId, instanceId, command, who, version, term, deadline },
      ...(why === undefined ? {} : { why }),
    };
    const expiresAt = Math.min(Date.parse(deadline), this.context.ports.clock.now() + ON_ITS_WAY_MS);
    const message = { id: newId(), type: instanceCommands(instanceId), body, correlationId: commandId, expiresAt };
    try {
      await this.context.ports.bus.publish(message, { persistent: false, mandatory: true });
    } catch (error) {
      this.context.logger?.debug({ err: error, commandId, instanceId }, 'nobody takes a command; it is sent again');
    }
  }

  async #end({ commandId, instanceId, version }: InstanceCommandView, event: NewEvent): Promise<void> {
    const stream = `commands-${instanceId}`;
    const metadata = { correlationId: commandId };
    try {
      await this.log.append({ stream, expectedVersion: version, events: [event], commitId: newId(), metadata });
    } catch (error) {
      // another one was first; what it said is on its way here
      if (!(error instanceof VersionConflictError)) throw error;
    }
  }
}
