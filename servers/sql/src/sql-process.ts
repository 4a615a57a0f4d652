import { Worker } from 'node:worker_threads';
import { Database, type Changes, type Parameters, type Rows } from './database.js';

/** A statement for the process that runs them. */
export interface SqlTask {
  readonly kind: 'query' | 'execute';
  readonly sql: string;
  readonly parameters: Parameters;
  readonly maxRows: number;
}
export type SqlAnswer = { readonly value: Rows | Changes } | { readonly error: string };

// a running statement blocks this thread: if the parent is killed meanwhile, only another thread can notice
const WATCHDOG = `
const parent = process.ppid;
setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL'); }, 1000);`;

const file = process.argv[2];
if (file !== undefined && process.send !== undefined) {
  new Worker(WATCHDOG, { eval: true }).unref();
  const database = new Database(file);
  process.on('message', (task: SqlTask) => process.send?.(run(database, task)));
  process.on('disconnect', () => process.exit());
  // ctrl-C reaches the whole process group; the parent decides when to end
  process.on('SIGINT', () => undefined);
}

function run(database: Database, { kind, sql, parameters, maxRows }: SqlTask): SqlAnswer {
  try {
    return { value: kind === 'query' ? database.query(sql, parameters, maxRows) : database.execute(sql, parameters) };
  } catch (error) {
    return { error: (error as Error).message };
  }
}
