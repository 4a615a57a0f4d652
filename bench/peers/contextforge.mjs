import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const SECRET = 'bench-only-0123456789abcdef0123456789abcdef';
const ADMIN = 'admin@example.com';

/** Python, one worker, SQLite. Every request is authenticated: it has no other way. */
export default {
  name: 'ContextForge 1.0.7 (Python)',
  binary: 'contextforge/bin/mcpgateway',
  install: (folder) => [
    ['python3', '-m', 'venv', join(folder, 'contextforge')],
    [join(folder, 'contextforge/bin/pip'), 'install', '--quiet', 'mcp-contextforge-gateway'],
  ],
  start({ binary, folder, port, upstream }) {
    const env = {
      DATABASE_URL: `sqlite:///${join(folder, 'contextforge.db')}`,
      JWT_SECRET_KEY: SECRET,
      AUTH_ENCRYPTION_SECRET: SECRET,
      PLATFORM_ADMIN_EMAIL: ADMIN,
      REQUIRE_USER_IN_DB: 'false',
      MCPGATEWAY_UI_ENABLED: 'false',
      PLUGINS_ENABLED: 'false',
      LOG_LEVEL: 'ERROR',
      // else it refuses after a hundred calls in a minute
      RATE_LIMITING_ENABLED: 'false',
      TOOL_RATE_LIMIT: '1000000000',
      SSRF_ALLOW_LOCALHOST: 'true',
      SSRF_ALLOW_PRIVATE_NETWORKS: 'true',
    };
    const make = [
      '-m',
      'mcpgateway.utils.create_jwt_token',
      '--username',
      ADMIN,
      '--secret',
      SECRET,
      '--exp',
      '600',
      '--admin',
    ];
    const python = join(binary, '../python');
    const options = {
      cwd: folder,
      env: { ...process.env, ...env },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    };
    const token = execFileSync(python, make, options).trim().split('\n').at(-1);
    const origin = `http://127.0.0.1:${port}`;
    return {
      command: binary,
      args: ['mcpgateway.main:app', '--host', '127.0.0.1', '--port', String(port)],
      cwd: folder,
      env,
      headers: { authorization: `Bearer ${token}` },
      url: `${origin}/mcp`,
      tool: 'bench-echo',
      async prepare() {
        const answer = await fetch(`${origin}/gateways`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify({ name: 'bench', url: upstream, transport: 'STREAMABLEHTTP' }),
        });
        // it answers before it is ready for this, and then that it has it already
        return answer.ok || answer.status === 409;
      },
    };
  },
};
