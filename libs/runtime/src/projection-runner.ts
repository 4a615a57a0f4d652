import type { Checkpoint, EventStore, ReadModels } from '@signalbox/ports';
import type { FollowerState } from './log-follower.js';
import { ProjectionPass, type ProjectionPassOptions } from './projection-pass.js';
import type { Projection } from './projection.js';

export type ProjectionRunnerOptions = Omit<ProjectionPassOptions, 'suffix'>;

export interface ProjectionStatus {
  readonly name: string;
  readonly state: FollowerState;
  readonly checkpoint: Checkpoint;
  /** Commits in the log that are not in the documents. */
  readonly lag: number;
  /** Why it failed or backs off; names projection, event and error when an event cannot be taken. */
  readonly error?: string;
  /** Present while a rebuild runs beside it. */
  readonly rebuild?: { readonly checkpoint: Checkpoint; readonly lag: number };
}

const REBUILD_SUFFIX = '__rebuild';

/** Keeps a projection's documents up to the log. */
export class ProjectionRunner {
  private live: ProjectionPass;
  private beside: ProjectionPass | undefined;
  private rebuilding: Promise<void> | undefined;
  private switching: Promise<void> | undefined;
  private started = false;
  private givingUp = false;

  constructor(
    private readonly store: EventStore,
    private readonly readModels: ReadModels,
    private readonly projection: Projection,
    private readonly options: ProjectionRunnerOptions = {},
  ) {
    this.live = this.pass('');
  }

  /** Goes on at the stored checkpoint; after a failure, tries the same event again. */
  start(): void {
    this.started = true;
    if (!this.switching) this.live.follower.start();
  }

  /** Ends after what is in hand; gives up a rebuild. Resolves when nothing is written any more. */
  async stop(): Promise<void> {
    this.started = false;
    this.givingUp = true;
    await this.beside?.stop();
    await this.rebuilding?.catch(() => undefined);
    await this.live.stop();
  }

  /**
   * Resolves when everything that is in the log now is in the documents.
   * @throws Error with the reason when the projection has failed or is stopped
   */
  async caughtUp(): Promise<void> {
    await this.switching;
    const { live } = this;
    try {
      await live.follower.caughtUp();
    } catch (error) {
      const replaced = this.switching !== undefined || this.live !== live;
      if (!replaced || !this.started) throw error;
      await this.caughtUp();
    }
  }

  /**
   * Makes all documents anew from position 0, in collections beside the live ones, which then take the live ones' names.
   * The live documents stay readable and up to date meanwhile. A second call joins the first.
   * @throws Error with the reason when the rebuild fails; the live documents are as they were then
   */
  rebuild(): Promise<void> {
    if (!this.rebuilding) {
      this.givingUp = false;
      this.rebuilding = this.rebuildBeside().finally(() => (this.rebuilding = undefined));
    }
    return this.rebuilding;
  }

  status(): ProjectionStatus {
    const { follower } = this.live;
    return {
      name: this.projection.name,
      state: follower.state,
      checkpoint: follower.checkpoint,
      lag: follower.lag,
      ...(follower.error !== undefined && { error: follower.error }),
      ...(this.beside && {
        rebuild: { checkpoint: this.beside.follower.checkpoint, lag: this.beside.follower.lag },
      }),
    };
  }

  private async rebuildBeside(): Promise<void> {
    const beside = this.pass(REBUILD_SUFFIX);
    const { projection, collections } = beside.target;
    // a rebuild that was killed may have left something
    await this.readModels.drop(projection, collections);
    if (this.givingUp) throw new Error('the projection was stopped');
    this.beside = beside;
    try {
      beside.follower.start();
      await beside.follower.caughtUp();
      this.switching = this.takeOver(beside).finally(() => (this.switching = undefined));
      await this.switching;
    } catch (error) {
      await beside.stop().catch(() => undefined);
      await this.readModels.drop(projection, collections);
      throw error;
    } finally {
      this.beside = undefined;
    }
  }

  private async takeOver(beside: ProjectionPass): Promise<void> {
    await this.live.stop();
    try {
      await beside.follower.caughtUp();
      await beside.stop();
      await this.readModels.promote(beside.target, this.live.target);
    } finally {
      this.live = this.pass('');
      if (this.started) this.live.follower.start();
    }
  }

  private pass(suffix: string): ProjectionPass {
    return new ProjectionPass(this.store, this.readModels, this.projection, { ...this.options, suffix });
  }
}
