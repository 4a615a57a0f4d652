import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/**
 * Every adapter proves every port that it claims by the shared contract suite. An adapter claims ports in its
 * package.json (`"signalbox": { "ports": ["MessageBus"] }`) and binds `messageBusContract(` in a spec file of its own.
 */
interface Adapter {
  readonly name: string;
  readonly claims: readonly string[];
  /** Ports that its classes implement. */
  readonly implemented: readonly string[];
  /** Contract suites that its spec files call. */
  readonly bound: readonly string[];
}

const root = join(import.meta.dirname, '../..');
/** A value to be had from the system, without anything to prove. */
const WITHOUT_CONTRACT = ['Clock'];

const contractOf = (port: string): string => `${port[0]!.toLowerCase()}${port.slice(1)}Contract`;

function problems(adapter: Adapter, ports: readonly string[]): string[] {
  const { name, claims, implemented, bound } = adapter;
  return [
    ...(claims.length === 0 ? [`${name} claims no port in its package.json; allowed: ${ports.join(', ')}`] : []),
    ...claims
      .filter((port) => !ports.includes(port))
      .map((port) => `${name} claims ${port}; allowed: ${ports.join(', ')}`),
    ...claims
      .filter((port) => !implemented.includes(port))
      .map((port) => `${name} claims ${port} and has no class for it`),
    ...implemented
      .filter((port) => !claims.includes(port))
      .map((port) => `${name} has a ${port} and does not claim it`),
    ...claims
      .filter((port) => !bound.includes(contractOf(port)))
      .map((port) => `${name} claims ${port} and no spec file of it calls ${contractOf(port)}`),
  ];
}

function portsOfPortSet(): string[] {
  const source = readFileSync(join(root, 'libs/ports/src/port-set.ts'), 'utf8');
  return [...source.matchAll(/readonly \w+: (\w+);/g)]
    .map(([, port]) => port!)
    .filter((port) => !WITHOUT_CONTRACT.includes(port));
}

function exportedContracts(): string[] {
  const folder = join(root, 'libs/port-contracts/src');
  const index = readFileSync(join(folder, 'index.ts'), 'utf8');
  return [...index.matchAll(/from '(.+)\.js'/g)].flatMap(([, file]) =>
    matches(readFileSync(join(folder, `${file}.ts`), 'utf8'), /export function (\w+Contract)\b/g),
  );
}

function adapters(ports: readonly string[]): Adapter[] {
  const folder = join(root, 'libs/adapters');
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => {
      const manifest = JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')) as {
        signalbox?: { ports?: string[] };
      };
      const files = sources(join(folder, name, 'src'));
      const text = (spec: boolean) =>
        files.filter((file) => file.endsWith('.spec.ts') === spec).map((file) => readFileSync(file, 'utf8'));
      const implemented = text(false).flatMap((source) =>
        matches(source, /class \w+[^{]* implements ([^{]+)\{/g).flatMap((list) =>
          list.split(',').map((one) => one.trim()),
        ),
      );
      return {
        name,
        claims: manifest.signalbox?.ports ?? [],
        implemented: [...new Set(implemented)].filter((port) => ports.includes(port)),
        bound: text(true).flatMap((source) => matches(source, /^\s*(\w+Contract)\(/gm)),
      };
    });
}

function sources(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file));
}

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, group]) => group!);
}

describe('ports, adapters and contract suites', () => {
  const ports = portsOfPortSet();
  const found = adapters(ports);

  it('finds the ports, the adapters and what they implement', () => {
    expect(ports).toEqual(
      expect.arrayContaining(['EventStore', 'MessageBus', 'ServiceDirectory', 'ReadModels', 'BlobStore']),
    );
    expect(found.map(({ name }) => name)).toContain('embedded');
    expect(found.find(({ name }) => name === 'embedded')!.implemented.toSorted()).toEqual(ports.toSorted());
  });

  it.each(ports)('%s has a contract suite that adapters can bind', (port) => {
    expect(exportedContracts()).toContain(contractOf(port));
  });

  it.each(found)('adapter $name binds the suite of every port that it claims', (adapter) => {
    expect(problems(adapter, ports)).toEqual([]);
  });

  it('notices what an adapter lacks', () => {
    const good = { name: 'x', claims: ['MessageBus'], implemented: ['MessageBus'], bound: ['messageBusContract'] };
    expect(problems(good, ports)).toEqual([]);
    expect(problems({ ...good, bound: [] }, ports)).toEqual([
      'x claims MessageBus and no spec file of it calls messageBusContract',
    ]);
    expect(problems({ ...good, implemented: [] }, ports)).toEqual(['x claims MessageBus and has no class for it']);
    expect(problems({ ...good, claims: [] }, ports)).toHaveLength(2);
    expect(problems({ ...good, claims: ['MessageBus', 'Bus'] }, ports)[0]).toContain(
      'x claims Bus; allowed: EventStore',
    );
  });
});
