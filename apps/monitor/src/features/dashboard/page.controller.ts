import { Controller, Get, Headers, Inject, Param, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { ProblemException } from '@signalbox/nest-kit';
import type { FastifyReply } from 'fastify';
import type { PublicFile } from './public-files.js';
import { PAGE_HEADERS } from './security-headers.js';

export const PUBLIC_FILES = Symbol('PublicFiles');

/** The dashboard's page and the files that it is made of. */
@ApiExcludeController()
@Controller()
export class PageController {
  constructor(@Inject(PUBLIC_FILES) private readonly files: ReadonlyMap<string, PublicFile>) {}

  @Get()
  page(@Headers('if-none-match') known: string | undefined, @Res() reply: FastifyReply): void {
    this.#send('index.html', known, reply);
  }

  @Get('assets/:name')
  asset(
    @Param('name') name: string,
    @Headers('if-none-match') known: string | undefined,
    @Res() reply: FastifyReply,
  ): void {
    this.#send(name, known, reply);
  }

  #send(name: string, known: string | undefined, reply: FastifyReply): void {
    const file = this.files.get(name);
    if (!file) throw new ProblemException(404, 'Not Found', { detail: `there is no file ${name}` });
    void reply.headers(PAGE_HEADERS).header('cache-control', 'no-cache').header('etag', file.etag);
    if (known === file.etag) void reply.status(304).send();
    else void reply.type(file.contentType).send(file.bytes);
  }
}
