import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Python: the proxy server of FastMCP. */
export default {
  name: 'FastMCP proxy 4.2.3 (Python)',
  binary: 'fastmcp/bin/python',
  install: (folder) => [
    ['python3', '-m', 'venv', join(folder, 'fastmcp')],
    [join(folder, 'fastmcp/bin/pip'), 'install', '--quiet', 'fastmcp==4.2.3'],
  ],
  start({ binary, folder, port, upstream }) {
    const script = join(folder, 'proxy.py');
    const run = `run(transport="http", host="127.0.0.1", port=${port}, log_level="ERROR", show_banner=False)`;
    writeFileSync(script, `from fastmcp.server import create_proxy\ncreate_proxy("${upstream}").${run}\n`);
    return { command: binary, args: [script], url: `http://127.0.0.1:${port}/mcp`, tool: 'echo' };
  },
};
