import process from 'node:process';

const CHECK_MS = 500;

/**
 * Calls back once when the shell through which npm started this process is gone. A signal sent to npm ends that shell but
 * never reaches us: without this, killing `npm start` would leave Signalbox running unseen.
 * Does nothing in a process that npm did not start.
 */
export function onOrphaned(env: Readonly<Record<string, string | undefined>>, callback: () => void): void {
  if (env.npm_lifecycle_event === undefined || process.platform === 'win32') return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    callback();
  }, CHECK_MS);
  timer.unref();
}
