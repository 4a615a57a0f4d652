/**
 * Who may import what (docs/architecture.md, "Imports"). One row per zone; the first row that matches a file counts.
 * `allow` lists module names as regular expressions; relative imports inside a package are always allowed.
 */
const own = (...names) => names.map((name) => `@signalbox/${name}(/.*)?`);
const NODE = 'node:.*';
const LIBRARY = '(?!@signalbox/|node:).*';
const ADAPTERS = 'adapter-(?!kit)[a-z]+';
const APPS = ['gateway', 'registry', 'tool-executor', 'resource-service', 'monitor'];

export const ZONES = [
  { name: 'contracts', files: 'libs/contracts/src/**/*.ts', allow: ['zod', 'ulid'] },
  { name: 'domain', files: 'libs/domain/src/**/*.ts', allow: own('contracts') },
  { name: 'ports', files: 'libs/ports/src/**/*.ts', allow: own('contracts') },
  {
    name: 'port-contracts',
    files: 'libs/port-contracts/src/**/*.ts',
    allow: [...own('contracts', 'ports'), NODE, LIBRARY],
  },
  { name: 'adapter-kit', files: 'libs/adapter-kit/src/**/*.ts', allow: [...own('contracts', 'ports'), NODE, LIBRARY] },
  {
    name: 'adapters',
    files: 'libs/adapters/*/src/**/*.ts',
    allow: [...own('contracts', 'ports', 'adapter-kit'), NODE, LIBRARY],
  },
  { name: 'runtime', files: 'libs/runtime/src/**/*.ts', allow: [...own('contracts', 'ports'), NODE, LIBRARY] },
  { name: 'mcp', files: 'libs/mcp/src/**/*.ts', allow: [...own('contracts'), NODE, LIBRARY] },
  { name: 'middleware', files: 'libs/middleware/src/**/*.ts', allow: [...own('contracts'), NODE, LIBRARY] },
  { name: 'mcp-endpoint', files: 'libs/mcp-endpoint/src/**/*.ts', allow: [NODE, LIBRARY] },
  {
    name: 'nest-kit',
    files: 'libs/nest-kit/src/**/*.ts',
    allow: [...own('contracts', 'ports', 'runtime', 'mcp'), NODE, LIBRARY],
  },
  {
    name: 'testing',
    files: 'libs/testing/src/**/*.ts',
    allow: [...own('contracts', 'ports', 'domain'), NODE, LIBRARY],
  },
  {
    name: 'platform',
    files: 'libs/platform/src/**/*.ts',
    allow: [...own('contracts', 'ports', 'nest-kit', ADAPTERS), NODE, LIBRARY],
  },
  // checks a configuration as the launcher would
  { name: 'cli-main', files: 'apps/cli/src/main.ts', allow: own('platform', 'launcher') },
  { name: 'mains', files: 'apps/*/src/main.ts', allow: own('platform') },
  {
    name: 'launcher',
    files: 'apps/launcher/src/**/*.ts',
    allow: [...own('contracts', 'ports', 'runtime', 'nest-kit', 'platform', ...APPS), NODE, LIBRARY],
  },
  {
    name: 'features',
    files: 'apps/*/src/**/*.ts',
    allow: [
      ...own('contracts', 'domain', 'ports', 'runtime', 'nest-kit', 'mcp', 'mcp-endpoint', 'middleware'),
      NODE,
      LIBRARY,
    ],
  },
  { name: 'servers', files: 'servers/*/src/**/*.ts', allow: [NODE, LIBRARY] },
];

/** The option of `no-restricted-imports` that lets through only what a zone allows. */
export function restrictionOf({ name, allow }) {
  return {
    patterns: [
      {
        regex: `^(?!\\.{1,2}(/|$)|(?:${allow.join('|')})$)`,
        message: `${name} may import only: ${allow.join(', ')} (tools/lint/import-rules.js)`,
      },
    ],
    paths: [
      {
        name: '@nestjs/common',
        importNames: ['forwardRef'],
        message: 'Two modules that need each other talk by events.',
      },
    ],
  };
}
