import { Refusal } from '@signalbox/domain/decider';
import { ProblemException } from '@signalbox/nest-kit';

/** Runs a decision. @throws ProblemException 409 with the reason when it is refused */
export function orProblem<T>(decide: () => T): T {
  try {
    return decide();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new ProblemException(409, 'Conflict', { detail: error.message, code: error.code, ...error.details });
  }
}
