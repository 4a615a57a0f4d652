import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Rust, one process: keeps a session upstream for all clients. */
export default {
  name: 'mcp-proxy 0.6.0 (Rust)',
  binary: 'mcp-proxy/bin/mcp-proxy',
  install: (folder) => [
    ['cargo', 'install', 'mcp-proxy', '--version', '0.6.0', '--locked', '--root', join(folder, 'mcp-proxy')],
  ],
  start({ binary, folder, port, upstream }) {
    const config = join(folder, 'mcp-proxy.toml');
    writeFileSync(
      config,
      `[proxy]\nname = "bench"\nversion = "1"\nseparator = "__"\n[proxy.listen]\nhost = "127.0.0.1"\nport = ${port}\n` +
        `[[backends]]\nname = "bench"\ntransport = "http"\nurl = "${upstream}"\n[observability]\nlog_level = "error"\n`,
    );
    return { command: binary, args: ['--config', config], url: `http://127.0.0.1:${port}/`, tool: 'bench__echo' };
  },
};
