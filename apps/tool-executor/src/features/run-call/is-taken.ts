import { ClaimConflictError, VersionConflictError } from '@signalbox/ports';

/** Whether an append failed because the attempt belongs to another run: its claim, or its stream, is there already. */
export function isTaken(error: unknown): boolean {
  return error instanceof ClaimConflictError || error instanceof VersionConflictError;
}
