import type { ClientContext, UpstreamDefinition } from '@signalbox/contracts';
import {
  AuthorizationError,
  connectUpstream,
  LATEST_SESSION_REVISION,
  UpstreamProtocolError,
  type Authorizer,
  type ConnectOptions,
  type Dialect,
  type Inbound,
  type UpstreamConnection,
} from '@signalbox/mcp';
import type { ExecutorConfig } from '../../config.js';
import type { PeerLink } from '../peers/peer-link.js';
import type { ServerOutput } from './server-output.js';

export interface ConnectorDeps {
  readonly config: Pick<ExecutorConfig, 'upstream'>;
  /** Surroundings of stdio servers. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** Where a server is now. */
  locate(target: UpstreamDefinition['target']): Promise<UpstreamDefinition['target']>;
  /** Gets the tokens of the server, where it is configured to want some. */
  readonly authorizer: Authorizer | undefined;
  /** What there is between this suite and the server, where that is a peer. */
  readonly peer?: PeerLink | undefined;
  /** Keeps what a stdio server writes to its standard error. */
  readonly output: Pick<ServerOutput, 'add'>;
  warn(text: string): void;
}

export interface Wanted {
  readonly capabilities: Readonly<Record<string, unknown>>;
  /** Of the instance that it is to go to, where there are several. */
  readonly url?: string | undefined;
  /** For whose session the connection is. */
  readonly client?: ClientContext | undefined;
  /** Whether this is the connection that keeps an eye on the server. */
  readonly isControl?: boolean;
  receive(connection: UpstreamConnection, message: Inbound): void;
}

/** Opens the connections with one server. What the server speaks is found out by the first, and kept for the others. */
export class Connector {
  #dialect: Dialect | undefined;

  constructor(
    private readonly definition: () => UpstreamDefinition,
    private readonly deps: ConnectorDeps,
  ) {}

  /** What the server was last found to speak. */
  get dialect(): Dialect | undefined {
    return this.#dialect;
  }

  /** @throws UpstreamClosedError, UpstreamProtocolError, DeadlineError */
  async connect(wanted: Wanted): Promise<UpstreamConnection> {
    const { era } = this.definition().settings;
    // a server may have been replaced by a newer one while it was away: the control connection asks anew
    const known = wanted.isControl ? undefined : this.#dialect;
    try {
      return await this.#open(wanted, { era: known?.era ?? era, transport: known?.transport });
    } catch (error) {
      const mayBeStale = error instanceof UpstreamProtocolError && !(error instanceof AuthorizationError);
      if (!known || !mayBeStale) throw error;
      this.#dialect = undefined;
      return this.#open(wanted, { era });
    }
  }

  async #open(wanted: Wanted, speaks: Pick<ConnectOptions, 'era' | 'transport'>): Promise<UpstreamConnection> {
    const { config, env, version, warn, authorizer, output, peer } = this.deps;
    const { target, settings } = this.definition();
    // what it says before the handshake is over comes before there is a connection to answer on
    const made: { connection?: UpstreamConnection } = {};
    const early: Inbound[] = [];
    const place = wanted.url !== undefined && target.kind === 'http' ? { ...target, url: wanted.url } : target;
    const located = await this.deps.locate(place);
    const connection = await connectUpstream(peer ? await peer.place(located) : located, {
      clientInfo: (wanted.client?.sessionId === undefined ? undefined : wanted.client.info) ?? {
        name: 'signalbox',
        version,
      },
      capabilities: wanted.capabilities,
      protocolVersion: LATEST_SESSION_REVISION,
      connectTimeoutMs: settings.connectTimeoutMs,
      ...speaks,
      listChanges: wanted.isControl === true,
      authorizer,
      env,
      limits: config.upstream,
      onMessage: (message) => (made.connection ? wanted.receive(made.connection, message) : early.push(message)),
      onStderr: (chunk, pid) => output.add(chunk, pid),
      onWarning: warn,
    });
    try {
      peer?.admit(connection.initialize);
    } catch (error) {
      await connection.close((error as Error).message);
      throw error;
    }
    made.connection = connection;
    this.#dialect = connection.dialect;
    if (early.length > 0) setImmediate(() => early.forEach((message) => wanted.receive(connection, message)));
    return connection;
  }
}
