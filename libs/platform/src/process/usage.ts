import { VERSION } from './version.js';

const USAGE = `Usage: npm start -- [--config FILE]

  --config FILE   configuration: the mcpServers JSON of MCP hosts, comments allowed
  --version       print the version
  --help          print this

Environment: SIGNALBOX_CONFIG (file), SIGNALBOX_DATA (folder, ./data), SIGNALBOX_PORT_BASE (3000; five ports),
SIGNALBOX_BIND (127.0.0.1), SIGNALBOX_ADVERTISE (host name for others), SIGNALBOX_PROFILE (embedded; distributed needs
AMQP_URL, MONGODB_URL and CONSUL_URL, and takes OTEL_EXPORTER_OTLP_ENDPOINT), SIGNALBOX_CONSUL_PREFIX (keys of the
configuration in Consul, signalbox/config). SIGNALBOX__GATEWAY__SESSIONS__MAX=500 is a setting of the file.
`;

/** What `--help` or `--version` print, or undefined when neither is asked for. */
export function information(argv: readonly string[]): string | undefined {
  if (argv.includes('--help') || argv.includes('-h')) return USAGE;
  return argv.includes('--version') ? `${VERSION}\n` : undefined;
}
