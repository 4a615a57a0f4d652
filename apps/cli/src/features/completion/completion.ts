import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';

/** `signalbox complete bash|zsh|fish`: prints the script that completes commands and options in that shell. */
export function addCompletion(program: Command): void {
  tab(program);
}
