import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Changes, Rows } from './database.js';
import type { SqlAnswer, SqlTask } from './sql-process.js';

const MAX_WAITING = 100;

/** SQLite refused a statement, or it took too long. */
export class SqlError extends Error {
  override readonly name = 'SqlError';
}

/**
 * Runs statements one after the other in a process of its own, because SQLite cannot be interrupted from JavaScript: a
 * statement past its time ends with that process, and SQLite undoes what it had begun. The next one gets a new process.
 */
export class SqlRunner {
  private child: ChildProcess | undefined;
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  constructor(
    private readonly file: string,
    private readonly timeoutMs: number,
  ) {}

  /** @throws SqlError with SQLite's message, at the time limit, or when too many wait */
  async run(task: SqlTask & { kind: 'query' }): Promise<Rows>;
  async run(task: SqlTask & { kind: 'execute' }): Promise<Changes>;
  async run(task: SqlTask): Promise<Rows | Changes> {
    if (this.waiting >= MAX_WAITING)
      throw new SqlError(`${MAX_WAITING} statements are waiting already; try again later`);
    this.waiting++;
    const result = this.last.then(() => this.runNow(task)).finally(() => this.waiting--);
    this.last = result.catch(() => undefined);
    return result;
  }

  /** Ends the process, and with it what runs. Resolves when it is gone. */
  close(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGKILL');
    return gone;
  }

  private runNow(task: SqlTask): Promise<Rows | Changes> {
    const child = (this.child ??= this.spawn());
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        clearTimeout(timer);
        child.off('message', onMessage).off('exit', onExit).off('error', onExit);
        finish();
      };
      const onMessage = (answer: SqlAnswer): void =>
        settle(() => ('value' in answer ? resolve(answer.value) : reject(new SqlError(answer.error))));
      const onExit = (): void => {
        this.child = undefined;
        settle(() => reject(new SqlError(`The database ${this.file} could not be opened, or its process was ended`)));
      };
      const timer = setTimeout(() => {
        void this.close();
        settle(() => reject(new SqlError(`The statement took longer than ${this.timeoutMs} ms and was undone`)));
      }, this.timeoutMs);
      child.on('message', onMessage).on('exit', onExit).on('error', onExit);
      child.send(task);
    });
  }

  private spawn(): ChildProcess {
    // standard output belongs to the protocol of this server's own process
    return fork(fileURLToPath(new URL('./sql-process.js', import.meta.url)), [this.file], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
  }
}
