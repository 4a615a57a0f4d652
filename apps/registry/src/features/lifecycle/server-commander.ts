import { Injectable } from '@nestjs/common';
import { type ServerCommandName } from '@signalbox/contracts';
import { lifecycleDecider, planCommand, type ServerCommand } from '@signalbox/domain/server';
import type { CommandBody } from './lifecycle-schemas.js';
import { orProblem } from './refusal-problem.js';
import { ServerWriter } from './server-writer.js';

/** One server that obeys because of a command. */
export interface ObeyedCommand {
  readonly server: string;
  readonly command: ServerCommandName;
}

/** Commands of operators: checked against the state, and written, so that every executor does as they say. */
@Injectable()
export class ServerCommander {
  constructor(private readonly writer: ServerWriter) {}

  /**
   * @returns what was commanded, in that order; nothing when it is so already
   * @throws ProblemException 409 with the precondition that does not hold
   */
  command(server: string, command: ServerCommandName, { who, why, cascade }: CommandBody): Promise<ObeyedCommand[]> {
    const wanted: ServerCommand = { server, command, who, ...(why === undefined ? {} : { why }) };
    return this.writer.decide(async () => {
      if (this.#decide(wanted).length === 0) return [];
      const done: ObeyedCommand[] = [];
      for (const step of orProblem(() => planCommand(wanted, this.writer.lives(), cascade))) {
        for (const event of this.#decide(step)) {
          await this.writer.append(step.server, event);
          done.push({ server: step.server, command: step.command });
        }
      }
      return done;
    });
  }

  #decide(command: ServerCommand) {
    const life = this.writer.known(command.server)?.view.life ?? lifecycleDecider.initial;
    return orProblem(() => lifecycleDecider.decide(command, life));
  }
}
