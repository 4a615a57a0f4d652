import { SERVER_COMMANDS } from '@signalbox/contracts';
import { lifecycleDiagram, PRECONDITIONS } from '@signalbox/domain/server';
import { describe, it } from 'vitest';
import { expectDocument, table } from './document.js';

/** The diagram comes from the decider itself: its steps are found by trying every command in every state. */
describe('docs/lifecycle.md', () => {
  it('has the states, steps and preconditions as the decider has them', async () => {
    const rows = SERVER_COMMANDS.map((command) => {
      const { from, done } = PRECONDITIONS[command];
      return [`\`${command}\``, from.join(', '), done.join(', ') || '–'];
    });
    const commands = table(['command', 'is obeyed in', 'changes nothing in'], rows);
    const diagram = `\`\`\`mermaid\n${lifecycleDiagram()}\n\`\`\``;
    await expectDocument(
      'docs/lifecycle.md',
      new Map([
        ['diagram', diagram],
        ['commands', commands],
      ]),
    );
  });
});
