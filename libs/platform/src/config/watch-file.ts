import { unwatchFile, watchFile } from 'node:fs';

/**
 * Tells when a file may have changed, once it has stayed as it is for a moment. Looks at the file itself, by its path and at
 * an interval: so it does not matter how it is replaced (an editor's rename, a link of Kubernetes), where it lies (a mount
 * that tells no events), and whether it is there.
 * @returns a function that ends the watch
 */
export function watchConfigFile(
  path: string,
  { pollMs, settleMs }: { readonly pollMs: number; readonly settleMs: number },
  onChange: () => void,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  const later = (): void => {
    clearTimeout(timer);
    timer = setTimeout(onChange, settleMs);
    timer.unref();
  };
  watchFile(path, { interval: pollMs, persistent: false }, later);
  // what was written since it was read is a change as well
  later();
  return () => {
    clearTimeout(timer);
    unwatchFile(path, later);
  };
}
