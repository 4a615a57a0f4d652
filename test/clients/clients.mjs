// The clients: what installs each in its folder, and what runs it. `version` names the line of the manifest that pins the library.
import { join } from 'node:path';

const BOTH = ['2025-11-25', '2026-07-28'];
const venv = (folder, program) => join(folder, 'venv', 'bin', program);
const node = (name) => ({
  install: () => [['npm', 'install', '--no-audit', '--no-fund', '--silent']],
  run: (_folder, url, revision) => [process.execPath, 'client.mjs', url, revision],
  manifest: 'package.json',
  version: new RegExp(`"${name}": "(.+)"`),
});
const python = (name) => ({
  install: (folder) => [
    ['python3', '-m', 'venv', 'venv'],
    [venv(folder, 'pip'), 'install', '--quiet', '-r', 'requirements.txt'],
  ],
  run: (folder, url, revision) => [venv(folder, 'python'), 'client.py', url, revision],
  manifest: 'requirements.txt',
  version: new RegExp(`${name}==(.+)`),
});

export const clients = [
  {
    folder: 'typescript-v1',
    library: '@modelcontextprotocol/sdk',
    language: 'TypeScript',
    revisions: ['2025-11-25'],
    ...node('@modelcontextprotocol/sdk'),
  },
  {
    folder: 'typescript-v2',
    library: '@modelcontextprotocol/client',
    language: 'TypeScript',
    revisions: BOTH,
    ...node('@modelcontextprotocol/client'),
  },
  { folder: 'python-mcp', library: 'mcp', language: 'Python', revisions: BOTH, ...python('mcp') },
  { folder: 'python-fastmcp', library: 'fastmcp', language: 'Python', revisions: BOTH, ...python('fastmcp') },
  {
    folder: 'go',
    library: 'modelcontextprotocol/go-sdk',
    language: 'Go',
    revisions: BOTH,
    install: () => [
      ['go', 'mod', 'tidy'],
      ['go', 'build', '-p', '1', '-o', 'client', '.'],
    ],
    run: (folder, url, revision) => [join(folder, 'client'), url, revision],
    manifest: 'go.mod',
    version: /go-sdk v(.+)/,
  },
  {
    folder: 'rust',
    library: 'rmcp',
    language: 'Rust',
    revisions: BOTH,
    install: () => [['cargo', 'build', '--quiet', '-j', '1']],
    run: (folder, url, revision) => [join(folder, 'target', 'debug', 'client'), url, revision],
    manifest: 'Cargo.toml',
    version: /rmcp = { version = "=(.+?)"/,
  },
  {
    folder: 'java',
    library: 'io.modelcontextprotocol.sdk:mcp',
    language: 'Java',
    revisions: ['2025-11-25'],
    install: () => [['mvn', '-q', '-B', 'package', 'dependency:copy-dependencies', '-DoutputDirectory=deps']],
    run: (folder, url) => ['java', '-cp', `${join(folder, 'target', 'classes')}:deps/*`, 'Client', new URL(url).origin],
    manifest: 'pom.xml',
    version: /<version>(\d.*\..+)<\/version>/,
  },
];
