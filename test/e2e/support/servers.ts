import type { StdioTarget } from '@signalbox/contracts';
import { conformanceStdio, packagedServer } from '@signalbox/testing/mcp-servers';

const entryOf = ({ command, args }: StdioTarget) => ({ command, args });

/** Entries for `mcpServers`: the official reference server, and the conformance suite's fixture over stdio. */
export const everything = entryOf(packagedServer('server-everything'));
export const stdioFixture = entryOf(conformanceStdio());
export const dualStdioFixture = entryOf(conformanceStdio('dual'));
