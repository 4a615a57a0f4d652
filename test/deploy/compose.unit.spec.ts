import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PORT_OFFSETS, SERVICE_NAMES } from '@signalbox/contracts';
import { loadConfig } from '@signalbox/platform';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const compose = parse(read('docker-compose.yml'), { merge: true });
const production = parse(read('deploy/compose/production.yml'), { merge: true });

describe('docker-compose.yml', () => {
  it.each(SERVICE_NAMES)('runs the %s with its own main, health check and hardening', (service) => {
    const { command, environment, read_only, cap_drop, init, container_name, ports } = compose.services[service];
    expect(command).toEqual([`apps/${service}/dist/main.js`]);
    expect(environment.HEALTH_URL).toBe(`http://127.0.0.1:${3000 + PORT_OFFSETS[service]}/health/ready`);
    expect({ read_only, cap_drop, init }).toEqual({ read_only: true, cap_drop: ['ALL'], init: true });
    // either would keep it from being scaled
    expect({ container_name, ports }).toEqual({});
  });

  it('publishes loopback addresses only, unless somebody says otherwise for the gateway', () => {
    const published = Object.values(compose.services).flatMap(({ ports = [] }: any) => ports as string[]);
    expect(published).toHaveLength(6);
    for (const port of published) expect(port).toMatch(/^(127\.0\.0\.1|\$\{GATEWAY_BIND:-127\.0\.0\.1\}):/);
  });

  it('balances each service by its name and port', () => {
    const routes = SERVICE_NAMES.map((name) => 3000 + PORT_OFFSETS[name]).map(
      (port, i) => `${port}=${SERVICE_NAMES[i]}:${port}`,
    );
    expect(compose.services.balancer.environment.BALANCER_ROUTES.split(',').toSorted()).toEqual(routes.toSorted());
  });

  it('has a variable in .env.example for each that it takes', () => {
    const taken = new Set([...read('docker-compose.yml').matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name!));
    const named = new Set([...read('.env.example').matchAll(/^#?([A-Z_]+)=/gm)].map(([, name]) => name!));
    const images = [...taken].filter((name) => name.endsWith('_IMAGE'));
    expect([...taken].filter((name) => !named.has(name)).toSorted()).toEqual(images.toSorted());
  });

  it('hands over a configuration that all services can start with', () => {
    const { '<<': _, ...environment } = compose.services.gateway.environment;
    const plain = Object.fromEntries(
      Object.entries<string>(environment).map(([name, value]) => [
        name,
        value.replace(/\$\{\w+:-((?:[^${}]|\$\{[^}]*\})*)\}/, '$1').replace(/\$\{\w+(?::[-?]([^}]*))?\}/g, '$1'),
      ]),
    );
    const file = join(root, 'deploy/compose/signalbox.json');
    const config = loadConfig({ env: plain, argv: ['--config', file] });
    expect(config.problems).toEqual([]);
    expect(config.settings.profile).toBe('distributed');
    expect(config.settings.servers.AMQP_URL).toBe('amqp://signalbox:signalbox@rabbitmq:5672');
    expect(config.servers.map(({ name }) => name)).toEqual(expect.arrayContaining(['everything', 'filesystem', 'sql']));
  });
});

describe('the production overlay', () => {
  it('changes services that there are, and gives each server of a cluster a volume', () => {
    const added = Object.keys(production.services).filter((name) => !(name in compose.services));
    expect(added.toSorted()).toEqual(
      [
        'consul-2',
        'consul-3',
        'consul-agent',
        'mongo-2',
        'mongo-3',
        'mongo-replica-set',
        'rabbitmq-2',
        'rabbitmq-3',
      ].toSorted(),
    );
    for (const name of added.filter((each) => each !== 'mongo-replica-set')) {
      expect([name, production.services[name].volumes]).toEqual([
        name,
        [expect.stringMatching(new RegExp(`^${name}:`))],
      ]);
      expect(Object.keys(production.volumes)).toContain(name);
    }
  });
});
