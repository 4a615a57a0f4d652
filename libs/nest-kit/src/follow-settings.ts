import { LIVE_SETTINGS } from '@signalbox/contracts';
import type { ConfigSource } from '@signalbox/ports';

type Settings = Record<string, unknown>;

/**
 * Keeps those settings of a service up to date that may change while it runs: they are put into the very object that the
 * service reads them from.
 * @param section under `signalbox`
 * @param settings the parsed section
 * @param parse parses it again; what was wrong with it was refused before
 */
export function followSettings<T extends object>(
  { live }: Pick<ConfigSource, 'live'>,
  section: string,
  settings: T,
  parse: () => T,
): void {
  const at = `signalbox.${section}.`;
  const paths = LIVE_SETTINGS.filter((path) => path.startsWith(at)).map((path) => path.slice(at.length).split('.'));
  live?.onChange(() => {
    const next = parse();
    for (const path of paths) put(settings as Settings, next as Settings, path);
  });
}

function put(settings: Settings, next: Settings, [key, ...rest]: readonly string[]): void {
  const [is, wanted] = [settings[key!], next[key!]];
  if (wanted === undefined) return;
  // whoever holds on to the object sees what is new in it
  if (isSettings(is) && isSettings(wanted)) {
    for (const name of rest.length > 0 ? [rest[0]!] : Object.keys(wanted)) put(is, wanted, [name, ...rest.slice(1)]);
  } else settings[key!] = wanted;
}

function isSettings(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
