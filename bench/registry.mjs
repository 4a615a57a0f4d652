// How long queries over the service instances take that the registry holds, beside a look into a Map.
// Run: npm exec -c 'node bench/registry.mjs [--instances 10000] [--rounds 2000]'   (after `npx tsc -b apps/registry`)
import { parseArgs } from 'node:util';
import { InstanceIndex } from '../apps/registry/dist/features/services/instance-index.js';

const { values } = parseArgs({
  options: { instances: { type: 'string', default: '10000' }, rounds: { type: 'string', default: '2000' } },
});
const count = Number(values.instances);
const rounds = Number(values.rounds);
const STATUSES = ['UP', 'UP', 'UP', 'UP', 'UP', 'UP', 'UP', 'UP', 'DOWN', 'STARTING'];
const ROLES = ['worker', 'worker', 'worker', 'specialized', 'master'];

const instances = Array.from({ length: count }, (_, n) => ({
  id: `i${String(n).padStart(6, '0')}`,
  serviceName: `service-${n % 100}`,
  host: '10.0.0.1',
  port: 1 + (n % 60_000),
  status: STATUSES[n % STATUSES.length],
  role: ROLES[n % ROLES.length],
  capacity: { maxConcurrentRequests: 100, currentLoad: 0 },
  features: [],
  tags: ['mcp', `team-${n % 37}`],
  metadata: { zone: `z${n % 11}`, version: `1.${n % 29}` },
  registrationTime: 0,
  lastUpdateTime: 0,
}));
const index = new InstanceIndex();
const filled = performance.now();
for (let name = 0; name < 100; name++) {
  index.replace(
    `service-${name}`,
    instances.filter(({ serviceName }) => serviceName === `service-${name}`),
  );
}
console.log(`${index.size} instances indexed in ${(performance.now() - filled).toFixed(0)} ms\n`);

const QUERIES = {
  'a service': (n) => ({ serviceName: `service-${n % 100}` }),
  'a service, UP': (n) => ({ serviceName: `service-${n % 100}`, status: 'UP' }),
  'a status, few': () => ({ status: 'STARTING' }),
  'a status, most': () => ({ status: 'UP' }),
  'two tags': (n) => ({ tags: ['mcp', `team-${n % 37}`] }),
  metadata: (n) => ({ metadata: { zone: `z${n % 11}`, version: `1.${n % 29}` } }),
  'all of it': (n) => ({
    serviceName: `service-${n % 100}`,
    status: 'UP',
    role: 'worker',
    tags: ['mcp'],
    metadata: { zone: `z${n % 11}` },
  }),
  everything: () => ({}),
};

/** Microseconds of each round, sorted. */
function time(work) {
  const taken = [];
  for (let n = 0; n < rounds; n++) {
    const begun = performance.now();
    work(n);
    taken.push((performance.now() - begun) * 1_000);
  }
  return taken.sort((a, b) => a - b);
}
const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

const map = new Map(instances.map((instance) => [instance.id, instance]));
const ids = instances.map(({ id }) => `${id}`);
const LOOKUPS = 1_000;
let sum = 0;
const lookup = () => {
  // what nobody reads would not be looked up at all
  for (let n = 0; n < LOOKUPS; n++) sum += map.get(ids[(n * 7_919) % count]).port;
};
time(lookup);
const raw = at(time(lookup), 0.5) / LOOKUPS;
if (!(sum > 0)) throw new Error('nothing was looked up');
console.log(`a look into a Map: ${raw.toFixed(3)} µs\n`);
console.log(
  ['query', 'found', 'p50 µs', 'p99 µs', '× Map, per instance found'].map((text) => text.padEnd(16)).join(''),
);
let worst = 0;
for (const [name, queryOf] of Object.entries(QUERIES)) {
  time((n) => index.find(queryOf(n)));
  const taken = time((n) => index.find(queryOf(n)));
  const found = index.find(queryOf(0)).length;
  const p50 = at(taken, 0.5);
  worst = Math.max(worst, at(taken, 0.99));
  const row = [name, found, p50.toFixed(1), at(taken, 0.99).toFixed(1), (p50 / raw / Math.max(1, found)).toFixed(1)];
  console.log(row.map((text) => String(text).padEnd(16)).join(''));
}
console.log(`\nthe slowest p99: ${(worst / 1_000).toFixed(2)} ms (aim: under 2 ms)`);
