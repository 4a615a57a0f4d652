import type { ConfigOverlayEntry, RecordedEvent } from '@signalbox/contracts';
import type { Commit, EventStore } from '@signalbox/ports';
import { decodeCommit, LogFollower, upcast } from '@signalbox/runtime';

/** The stream whose versions are the versions of the configuration. */
export const CONFIG_STREAM = 'config';

export interface FollowRollbacksOptions {
  /** Hears what rollbacks hold in place: at once, and whenever that is something else. */
  hold(overlay: readonly ConfigOverlayEntry[]): void;
  onError(error: Error): void;
}

/** Resolves when what the log has now was told, and goes on telling. */
export async function followRollbacks(
  store: EventStore,
  { hold, onError }: FollowRollbacksOptions,
): Promise<{ stop(): Promise<void> }> {
  // what is appended while this is read comes again from here
  const heads = await store.partitions();
  const { items } = await store.find({ stream: CONFIG_STREAM, direction: 'backward', limit: 1 });
  const newest = items[0]?.event;
  let last = '[]';
  const tell = (event: RecordedEvent): void => {
    if (event.type !== 'config.changed') return;
    const { overlay = [] } = event.data;
    const text = JSON.stringify(overlay);
    if (text === last) return;
    last = text;
    hold(overlay);
  };
  if (newest !== undefined) tell(upcast(newest));
  const follower = new LogFollower(store, {
    from: Object.fromEntries(heads.map(({ partition, position }) => [partition, position])),
    // a stream stays in its partition, which its first event tells
    partitions: (name) => (newest === undefined ? name.startsWith('entity-') : name === newest.partition),
    onCommits: (commits: Commit[]) => {
      for (const commit of commits) if (commit.stream === CONFIG_STREAM) decodeCommit(commit).forEach(tell);
    },
    onError,
  });
  follower.start();
  return follower;
}
