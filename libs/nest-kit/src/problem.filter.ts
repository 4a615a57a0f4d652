import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { traceFields } from '@signalbox/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { problemOfError } from './problem-of-error.js';

/** Answers every error of an HTTP handler as a problem; lets errors of bus handlers through to the transport. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw error;
    const problem = problemOfError(error);
    const http = host.switchToHttp();
    if (problem.status >= 500) {
      const { traceparent } = http.getRequest<FastifyRequest>().headers;
      const fields = typeof traceparent === 'string' ? traceFields(traceparent) : {};
      this.logger.error({ err: error, ...fields }, problem.title);
    }
    const reply = http.getResponse<FastifyReply>();
    // a stream that has begun cannot turn into an error
    if (reply.sent || reply.raw.headersSent) return void reply.raw.destroy();
    if (problem.status === 503) reply.header('retry-after', '1');
    void reply
      .status(problem.status)
      .header('content-type', 'application/problem+json; charset=utf-8')
      .send(JSON.stringify(problem));
  }
}
