import { isWithin, LIVE_SETTINGS } from '@signalbox/contracts';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { expectDocument, readDocument, rowsOf, table, writtenIn } from './document.js';
import { SECTIONS } from './sections.js';
import { number, type Setting } from './settings.js';

const FILE = 'docs/configuration.md';
/** Longer defaults are lists that nobody reads in a table. */
const MAX_SHOWN = 60;

function shown({ default: value, limit }: Setting): string {
  if (limit) return number(limit.value);
  if (value === undefined) return '';
  return value.length > MAX_SHOWN ? 'see the source' : `\`${value}\``;
}

const VARIABLE = /\b(SIGNALBOX_[A-Z_]+|[A-Z]+_URL|OTEL_[A-Z_]+)\b/g;
const SOURCES = ['settings', 'server-urls', 'load-config'].map((name) => `libs/platform/src/config/${name}.ts`);

/** The meaning of a key is the comment above it in the source; where there is none, what was written by hand here. */
describe('docs/configuration.md', () => {
  it('has every key of the configuration file, as the schemas have it', async () => {
    const parts = SECTIONS.map(({ name, settings }): [string, string] => {
      const rows = settings.map((setting) => [
        `\`${setting.path}\``,
        setting.type,
        shown(setting),
        setting.allowed,
        setting.description || writtenIn(FILE, name, `\`${setting.path}\``, 4),
      ]);
      return [name, table(['key', 'type', 'default', 'allowed', 'meaning'], rows)];
    });
    parts.push(['live', LIVE_SETTINGS.map((path) => `- \`${path}\``).join('\n')]);
    await expectDocument(FILE, new Map(parts));
  });

  it('says what each key means', () => {
    const silent = rowsOf(readDocument(FILE)).filter((row) => row.length === 5 && row[4] === '');
    expect(silent.map(([key]) => key)).toEqual([]);
  });

  it('has every environment variable', () => {
    const read = new Set(SOURCES.flatMap((file) => readFileSync(file, 'utf8').match(VARIABLE) ?? []));
    const [, part = ''] = readDocument(FILE).split('<!-- environment -->');
    const written = rowsOf(part.split('<!-- end of environment -->')[0]!).slice(1);
    const variables = written.map(([name]) => name!.replaceAll('`', ''));
    expect(variables.toSorted()).toEqual([...read].filter((name) => name !== 'SERVER_URLS').toSorted());
  });
});

describe('what is applied while running', () => {
  it('is settings that there are', () => {
    const known = SECTIONS.flatMap(({ name, settings }) => settings.map(({ path }) => `${name}.${path}`));
    const unknown = LIVE_SETTINGS.filter(
      (live) => live !== 'mcpServers' && !known.some((path) => isWithin(path, live)),
    );
    expect(unknown).toEqual([]);
  });
});
