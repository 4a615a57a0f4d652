import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { HttpTarget, UpstreamDefinition } from '@signalbox/contracts';
import { OAuthAuthorizer } from '@signalbox/mcp';
import type { ExecutorConfig } from '../../config.js';
import { InjectExecutorConfig } from '../../executor-config.module.js';

interface Known {
  readonly target: HttpTarget;
  readonly authorizer: OAuthAuthorizer;
}

/** What gets the tokens of the servers that want some: one for each, whatever becomes of the connections. */
@Injectable()
export class Authorizers {
  readonly #known = new Map<string, Known>();

  constructor(
    @InjectExecutorConfig() private readonly config: ExecutorConfig,
    private readonly host: HttpAdapterHost,
  ) {}

  /** The one of a server as it is defined now; undefined when it is configured to want no tokens. */
  of({ name, target }: UpstreamDefinition): OAuthAuthorizer | undefined {
    const auth = target.kind === 'http' ? target.auth : undefined;
    if (target.kind !== 'http' || auth === undefined) {
      this.#known.delete(name);
      return undefined;
    }
    const known = this.#known.get(name);
    if (known?.target.url === target.url && isDeepStrictEqual(known.target.auth, auth)) return known.authorizer;
    const { timeoutMs, pendingMs } = this.config.oauth;
    const addresses = () => this.#addresses(name);
    const authorizer = new OAuthAuthorizer({ serverUrl: target.url, settings: auth, addresses, timeoutMs, pendingMs });
    this.#known.set(name, { target, authorizer });
    return authorizer;
  }

  get(name: string): OAuthAuthorizer | undefined {
    return this.#known.get(name)?.authorizer;
  }

  /** Which server's authorization waits for the answer with this state. */
  waitingFor(state: string): string | undefined {
    for (const [name, { authorizer }] of this.#known) if (authorizer.pending?.state === state) return name;
    return undefined;
  }

  async #addresses(name: string): Promise<{ redirect: string; start: string }> {
    const base = (this.config.oauth.publicUrl ?? (await this.#listeningAt())).replace(/\/$/, '');
    return { redirect: `${base}/oauth/callback`, start: `${base}/oauth/servers/${name}` };
  }

  /** Servers may be reached before this service can be. */
  async #listeningAt(): Promise<string> {
    const server = this.host.httpAdapter.getHttpServer() as Server;
    if (!server.listening) await once(server, 'listening');
    // loopback, as authorization servers want it of a client without a name of its own (RFC 8252, section 7.3)
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
}
