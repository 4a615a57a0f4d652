import {
  isLiveSetting,
  isWithin,
  type ConfigOverlayEntry,
  type ConfigTree,
  type ConfigUpdate,
} from '@signalbox/contracts';
import type { SectionChecks } from '@signalbox/nest-kit';
import type {
  ConfigChange,
  ConfigLayerState,
  ConfigOrigin,
  ConfigProblem,
  ConfigSource,
  LiveConfiguration,
} from '@signalbox/ports';
import { isDeepStrictEqual } from 'node:util';
import { chooseAdapters, type AdapterChoice } from './adapter-choice.js';
import { builtInUpstreams } from './built-in-upstreams.js';
import { differingPaths, withoutPaths } from './config-paths.js';
import { mergeLayers, type Layer } from './layers.js';
import { PROCESS_SECTIONS, readProcessSettings, type ProcessSettings } from './process-settings.js';
import { problemsIn, resolveLayers, type Resolved } from './resolve.js';
import type { Settings } from './settings.js';
import { readServer } from './upstreams.js';

interface Slot {
  readonly layer: Layer;
  readonly state: ConfigLayerState['state'];
  /** Of its newest text that was refused, or why it is away. */
  readonly problems: readonly ConfigProblem[];
  /** Of the text that holds, whatever else is in the configuration. */
  readonly own: readonly ConfigProblem[];
}

export interface LiveConfigInput {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly path: string | undefined;
  /** The weakest first. */
  readonly layers: readonly (Layer & { readonly problems?: readonly ConfigProblem[] })[];
  readonly settings: Omit<Settings, 'exposed'>;
}

/**
 * The configuration of a process: layers that are merged and validated as one, and may be replaced one by one. What would
 * make the whole wrong is refused, and what was there before holds.
 */
export class LiveConfig implements ConfigSource, LiveConfiguration {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly path: string | undefined;
  readonly #environment: Omit<Settings, 'exposed'>;
  #atStart: Pick<LiveConfig, 'settings' | 'process' | 'adapters'>;
  #slots: readonly Slot[];
  #overlay: readonly ConfigOverlayEntry[] = [];
  #current: Resolved;
  #checks: SectionChecks = {};
  #problems: readonly ConfigProblem[];
  #started: ConfigTree;
  readonly #sources: (() => Promise<void> | void)[] = [];
  readonly #changeListeners = new Set<(change: ConfigChange) => void>();
  readonly #refusalListeners = new Set<(layer: ConfigLayerState) => void>();

  /** @throws ConfigError when nothing can be started with it */
  constructor({ env, path, layers, settings }: LiveConfigInput) {
    this.env = env;
    this.path = path;
    this.#environment = settings;
    this.#slots = layers.map((layer) => ({ layer, state: stateOf(layer), problems: [], own: layer.problems ?? [] }));
    this.#current = resolveLayers(layers, [], env);
    this.#problems = this.#problemsOf(this.#current);
    this.#atStart = this.#readStart();
    this.#started = this.effective();
  }

  /** Where the process runs, what it works with, and which adapter serves each port: as they were at the start. */
  get settings(): Settings {
    return this.#atStart.settings;
  }
  get process(): ProcessSettings {
    return this.#atStart.process;
  }
  get adapters(): AdapterChoice {
    return this.#atStart.adapters;
  }

  get live(): LiveConfiguration {
    return this;
  }
  get servers(): ConfigSource['servers'] {
    return [...this.#current.servers, ...builtInUpstreams(this.settings)];
  }
  get problems(): readonly ConfigProblem[] {
    return [...this.#slots.flatMap(({ own }) => own), ...this.#current.problems];
  }
  get document(): ConfigTree {
    return this.#current.document;
  }
  get base(): ConfigTree {
    return this.#current.base.document;
  }
  get overlay(): readonly ConfigOverlayEntry[] {
    return this.#current.held;
  }

  readonly earlySections = [...Object.keys(PROCESS_SECTIONS), 'adapters'];

  readonly section = (name: string): unknown => this.#current.section(name);

  readonly readServer = (name: string, entry: unknown, source: string): ReturnType<typeof readServer> =>
    readServer(name, entry, this.env, source);

  effective(): ConfigTree {
    const of = this.#current;
    const sections: Record<string, unknown> = {};
    for (const [name, check] of Object.entries({ ...PROCESS_SECTIONS, ...this.#checks })) {
      if (problemsIn(name, () => void (sections[name] = check(of)), of).length > 0) delete sections[name];
    }
    const mcpServers = Object.fromEntries(of.servers.map(({ name, settings }) => [name, { signalbox: settings }]));
    const defaults = JSON.parse(JSON.stringify({ mcpServers, signalbox: sections })) as ConfigTree;
    const layer = (value: ConfigTree): Layer => ({ source: 'default', where: '', value });
    // what is written goes before what was parsed: references to variables stay references
    return mergeLayers([layer(defaults), layer(of.document)]).document;
  }

  originOf(path: string): ConfigOrigin | undefined {
    const { origins } = this.#current;
    return origins.get(path) ?? [...origins].find(([known]) => isWithin(path, known))?.[1];
  }

  layers(): readonly ConfigLayerState[] {
    return this.#slots.map(shown);
  }

  needsRestart(): readonly string[] {
    return differingPaths(this.#started, this.effective()).filter((path) => !isLiveSetting(path));
  }

  onChange(listener: (change: ConfigChange) => void): () => void {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  onRefused(listener: (layer: ConfigLayerState) => void): () => void {
    this.#refusalListeners.add(listener);
    return () => this.#refusalListeners.delete(listener);
  }

  /** How services validate their sections. @returns what is wrong with them now */
  use(checks: SectionChecks): readonly ConfigProblem[] {
    this.#checks = checks;
    this.#problems = this.#problemsOf(this.#current);
    this.#started = this.effective();
    return Object.entries(checks).flatMap(([name, check]) => problemsIn(name, check, this.#current));
  }

  /**
   * Adds a layer at the start, when nothing runs yet that could go on: of what is wrong in it only the wrong values are left
   * out, so that the weaker layers count there, and the rest is taken.
   * @returns what was left out
   */
  add(layer: Layer): readonly ConfigProblem[] {
    const known = keysOf(this.#problems);
    const left: ConfigProblem[] = [];
    let value = layer.value;
    for (;;) {
      const slots = [...this.#slots, slotOf({ ...layer, value })];
      const of = this.#resolve(slots, this.#overlay);
      const wrong = this.#problemsOf(of).filter((problem) => !known.has(keyOf(problem)));
      if (wrong.length === 0 || value === undefined) {
        this.#slots = [...this.#slots, { ...slotOf({ ...layer, value }), own: left, problems: [] }];
        this.#current = of;
        this.#problems = this.#problemsOf(of);
        this.#atStart = this.#readStart();
        this.#started = this.effective();
        return left;
      }
      left.push(...wrong.map((problem) => ({ ...problem, source: layer.source, where: layer.where })));
      const before = value;
      value = withoutPaths(value, (path) => wrong.some((p) => isWithin(path, p.path) || isWithin(p.path, path)));
      // whatever is wrong cannot be told from the rest
      if (isDeepStrictEqual(before, value)) value = undefined;
    }
  }

  /**
   * Puts a new value in the place of a layer's present one.
   * @param own what is wrong with it by itself
   * @returns whether it was taken
   */
  update(source: Layer['source'], value: ConfigTree | undefined, own: readonly ConfigProblem[] = []): boolean {
    const slot = this.#slots.find(({ layer }) => layer.source === source)!;
    const next: Slot = { ...slotOf({ ...slot.layer, value }), own };
    const slots = this.#slots.map((other) => (other === slot ? next : other));
    const of = this.#resolve(slots, this.#overlay);
    const known = new Set([...keysOf(this.#problems), ...keysOf(slot.own)]);
    const wrong = [...own, ...this.#problemsOf(of)].filter((problem) => !known.has(keyOf(problem)));
    if (wrong.length > 0) {
      this.refuse(source, wrong);
      return false;
    }
    this.#slots = slots;
    this.#take(of, [{ source, where: slot.layer.where }]);
    return true;
  }

  /** Adds how a source is read again by {@link reload}. */
  addSource(read: () => Promise<void> | void): void {
    this.#sources.push(read);
  }

  /** A service was started again: nothing of its own section waits for that any more. */
  startedAgain(section: string): void {
    const at = `signalbox.${section}`;
    const rest = withoutPaths(this.#started, (path) => isWithin(path, at));
    const own = { signalbox: { [section]: (this.effective()['signalbox'] as ConfigTree)[section] } } as ConfigTree;
    const layer = (value: ConfigTree): Layer => ({ source: 'default', where: '', value });
    this.#started = mergeLayers([layer(rest), layer(own)]).document;
  }

  async reload(): Promise<ConfigUpdate> {
    const before = this.effective();
    for (const read of this.#sources) await read();
    const problems = this.#slots.flatMap(({ problems: all }) => all.map(({ path, message }) => ({ path, message })));
    return { changed: differingPaths(before, this.effective()), needsRestart: [...this.needsRestart()], problems };
  }

  /** The layer's newest text is wrong, or it cannot be asked: what holds goes on. */
  refuse(source: Layer['source'], problems: readonly ConfigProblem[], state: 'refused' | 'away' = 'refused'): void {
    const slot = this.#slots.find(({ layer }) => layer.source === source)!;
    const isNews = slot.state !== state || !isDeepStrictEqual(slot.problems, problems);
    const next = { ...slot, state, problems };
    this.#slots = this.#slots.map((other) => (other === slot ? next : other));
    if (isNews && state === 'refused') for (const listener of this.#refusalListeners) listener(shown(next));
  }

  check(overlay: readonly ConfigOverlayEntry[]): readonly ConfigProblem[] {
    const known = keysOf(this.#problems);
    return this.#problemsOf(this.#resolve(this.#slots, overlay)).filter((problem) => !known.has(keyOf(problem)));
  }

  hold(overlay: readonly ConfigOverlayEntry[]): readonly ConfigProblem[] {
    const problems = this.check(overlay);
    if (problems.length > 0) return problems;
    this.#overlay = overlay;
    this.#take(this.#resolve(this.#slots, overlay), [{ source: 'rollback', where: 'the event log' }]);
    return [];
  }

  #readStart(): Pick<LiveConfig, 'settings' | 'process' | 'adapters'> {
    const settings = this.#environment;
    const process = readProcessSettings(this.section);
    return {
      process,
      settings: { ...settings, exposed: process.network.expose },
      adapters: chooseAdapters(settings.profile, this.section('adapters'), settings.servers),
    };
  }

  #take(next: Resolved, sources: readonly ConfigOrigin[]): void {
    const before = this.#current.document;
    this.#current = next;
    this.#problems = this.#problemsOf(next);
    // what nobody holds on to any more does not come back
    const held = this.#overlay.length === next.held.length;
    this.#overlay = next.held;
    if (held && isDeepStrictEqual(before, next.document)) return;
    for (const listener of this.#changeListeners) listener({ sources, before, after: next.document });
  }

  #resolve(slots: readonly Slot[], overlay: readonly ConfigOverlayEntry[]): Resolved {
    return resolveLayers(
      slots.map(({ layer }) => layer),
      overlay,
      this.env,
    );
  }

  #problemsOf(of: Resolved): ConfigProblem[] {
    const sections = Object.entries({ ...PROCESS_SECTIONS, ...this.#checks }).flatMap(([name, check]) =>
      problemsIn(name, check, of),
    );
    const { profile, servers } = this.#environment;
    const adapters = (source: Pick<ConfigSource, 'section'>): unknown =>
      chooseAdapters(profile, source.section('adapters'), servers);
    return [...of.problems, ...sections, ...problemsIn('adapters', adapters, of)];
  }
}

const stateOf = ({ value }: Layer): 'ok' | 'empty' =>
  value === undefined || Object.keys(value).length === 0 ? 'empty' : 'ok';
const slotOf = (layer: Layer): Slot => ({ layer, state: stateOf(layer), problems: [], own: [] });
const shown = ({ layer, state, problems, own }: Slot): ConfigLayerState => ({
  source: layer.source,
  where: layer.where,
  state,
  problems: [...problems, ...own],
});

const keyOf = ({ path, message }: ConfigProblem): string => `${path}\n${message}`;
const keysOf = (problems: readonly ConfigProblem[]): Set<string> => new Set(problems.map(keyOf));
