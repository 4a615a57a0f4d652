import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { InjectContext, InjectDirectory, traceRequest, type ServiceContext } from '@signalbox/nest-kit';
import { traceFields, type ServiceInstance } from '@signalbox/contracts';
import type { ServiceDirectory, Tracer } from '@signalbox/ports';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent } from 'undici';
import type { GatewayConfig } from '../../config.js';
import { InjectGatewayConfig } from '../../gateway-config.module.js';
import { sendProblem } from '../../send-problem.js';
import { FrontGuard } from '../auth/front-guard.js';
import { forwardHeaders, returnHeaders } from './proxy-headers.js';
import { endProxySpan, startProxySpan } from './proxy-span.js';

const RETRY_SOON = { 'retry-after': '1' };
/** No connection was made: nothing was sent. */
const UNSENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);

const isUnsent = (error: Error & { code?: unknown }): boolean => UNSENT.has(String(error.code));

/**
 * Those that are up. When none is, those that the directory takes for ill: it looks at them every quarter of a minute, and
 * after an outage they are well before it knows; one that is not answers for itself.
 */
function servingOf(instances: readonly ServiceInstance[]): readonly ServiceInstance[] {
  const up = instances.filter(({ status }) => status === 'UP');
  return up.length > 0 ? up : instances.filter(({ status }) => status === 'DOWN');
}

/** `/resources/**`: passes requests on to the resource-service that the directory names, bodies as they come. */
@Injectable()
export class ResourceProxy implements OnApplicationShutdown {
  readonly #agent: Agent;
  readonly #tracer: Tracer;
  readonly #unwatch: () => void;
  #instances: readonly ServiceInstance[] = [];
  #next = 0;

  constructor(
    private readonly guard: FrontGuard,
    @InjectDirectory() directory: ServiceDirectory,
    @InjectGatewayConfig() private readonly config: GatewayConfig,
    @InjectContext() private readonly context: ServiceContext,
  ) {
    this.#tracer = context.ports.telemetry.tracer(context.service, context.instanceId);
    const { connections, connectTimeoutMs, headersTimeoutMs, bodyTimeoutMs } = config.proxy;
    this.#agent = new Agent({
      connections,
      connect: { timeout: connectTimeoutMs },
      headersTimeout: headersTimeoutMs,
      bodyTimeout: bodyTimeoutMs,
    });
    this.#unwatch = directory.watchService('resource-service', (instances) => {
      this.#instances = servingOf(instances);
    });
  }

  async onApplicationShutdown(): Promise<void> {
    this.#unwatch();
    await this.#agent.destroy();
  }

  /** @returns true when it has taken the request */
  readonly handle = (request: IncomingMessage, response: ServerResponse): boolean => {
    const path = request.url ?? '';
    if (!/^\/resources(?:[/?]|$)/.test(path)) return false;
    traceRequest({ tracer: this.#tracer, logger: this.context.logger }, request, response, '/resources/**');
    const principal = this.guard.admit(request, response, false);
    if (principal === undefined) return true;
    const { maxBodyBytes } = this.config.http;
    if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) {
      sendProblem(response, 413, `The body is too large: at most ${maxBodyBytes} bytes are allowed`);
      return true;
    }
    const instance = this.#pick();
    if (instance) this.#pass(request, response, instance, principal);
    else sendProblem(response, 503, 'no resource-service is up', RETRY_SOON);
    return true;
  };

  #pick(): ServiceInstance | undefined {
    return this.#instances[this.#next++ % (this.#instances.length || 1)];
  }

  #pass(request: IncomingMessage, response: ServerResponse, { host, port }: ServiceInstance, principal: string): void {
    const hasBody = request.headers['content-length'] !== undefined || 'transfer-encoding' in request.headers;
    const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
    const span = startProxySpan(this.#tracer, request, host, port);
    const traceparent = span?.traceparent ?? request.headers['traceparent'];
    const headers = forwardHeaders(request, principal);
    if (typeof traceparent === 'string') headers['traceparent'] = traceparent;
    let status = 0;
    const fail = (error: Error): void => {
      endProxySpan(span, error);
      const fields = typeof traceparent === 'string' ? traceFields(traceparent) : {};
      this.context.logger?.warn({ err: error, ...fields }, 'resource-service');
      if (response.headersSent) response.destroy();
      else if (isUnsent(error)) sendProblem(response, 503, 'the resource-service is not reached', RETRY_SOON);
      else sendProblem(response, 502, 'the resource-service did not answer');
    };
    this.#agent.dispatch(
      {
        origin: `http://${name}:${port}`,
        path: request.url!,
        method: request.method as 'GET',
        headers,
        body: hasBody ? request : null,
      },
      {
        onRequestStart: (controller) => {
          response.once('close', () => {
            if (!response.writableFinished) controller.abort(new Error('the client has gone'));
          });
        },
        onResponseStart: (_controller, statusCode, answered) => {
          status = statusCode;
          if (status >= 200) response.writeHead(status, returnHeaders(answered));
        },
        onResponseData: (controller, chunk) => {
          if (response.write(chunk)) return;
          controller.pause();
          response.once('drain', () => controller.resume());
        },
        onResponseEnd: () => {
          endProxySpan(span, status);
          response.end();
        },
        onResponseError: (_controller, error) => fail(error),
      },
    );
  }
}
