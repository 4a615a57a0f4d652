import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Rust. It is in no registry: build it from its repository, and put the binary where `binary` says. */
export default {
  name: 'agentgateway 1.1.0 (Rust)',
  binary: 'agentgateway/bin/agentgateway',
  install: () => [],
  start({ binary, folder, port, upstream }) {
    const config = join(folder, 'agentgateway.yaml');
    const { hostname, port: upstreamPort, pathname } = new URL(upstream);
    const target = { name: 'bench', mcp: { host: hostname, port: Number(upstreamPort), path: pathname } };
    const backends = [{ mcp: { targets: [target] } }];
    // JSON is YAML
    writeFileSync(
      config,
      JSON.stringify({
        config: {
          adminAddr: `127.0.0.1:${port + 1}`,
          statsAddr: `127.0.0.1:${port + 2}`,
          readinessAddr: `127.0.0.1:${port + 3}`,
        },
        binds: [{ port, listeners: [{ routes: [{ backends }] }] }],
      }),
    );
    // with one target it leaves the names as they are
    return {
      command: binary,
      args: ['-f', config],
      env: { RUST_LOG: 'error' },
      url: `http://127.0.0.1:${port}/mcp`,
      tool: 'echo',
    };
  },
};
