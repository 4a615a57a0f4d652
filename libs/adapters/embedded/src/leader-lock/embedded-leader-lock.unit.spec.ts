import { leaderLockContract } from '@signalbox/port-contracts';
import { EmbeddedLeaderLock } from './embedded-leader-lock.js';

leaderLockContract(
  'EmbeddedLeaderLock',
  { newPlace: async () => '', open: async () => new EmbeddedLeaderLock() },
  { sharedBetweenLocks: false, takeoverMs: 100 },
);
