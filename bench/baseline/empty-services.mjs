// What the frameworks take by themselves: five empty Nest applications on Fastify in one process, with the libraries that
// every service imports. Prints its ports' base when all listen: node empty-services.mjs PORT_BASE
import 'reflect-metadata';
import { createRequire } from 'node:module';

const portBase = Number(process.argv[2]);
const require = createRequire(new URL('../../apps/registry/package.json', import.meta.url));
const use = (name) => import(require.resolve(name));
const [{ NestFactory }, { Module }, { FastifyAdapter }] = await Promise.all([
  use('@nestjs/core'),
  use('@nestjs/common'),
  use('@nestjs/platform-fastify'),
]);
await Promise.all(
  ['@nestjs/swagger', '@nestjs/microservices', 'zod', 'undici', 'pino', 'prom-client'].map((name) =>
    use(name).catch(() => undefined),
  ),
);

class Empty {}
Module({})(Empty);
for (let index = 0; index < 5; index++) {
  const app = await NestFactory.create(Empty, new FastifyAdapter(), { logger: false });
  await app.listen(portBase + index, '127.0.0.1');
}
