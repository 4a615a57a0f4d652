import { HttpException } from '@nestjs/common';

/** Problem Details for HTTP APIs (RFC 9457). Extension members stand beside the standard ones. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly [extension: string]: unknown;
}

/** An error that a controller answers with, as `application/problem+json`. */
export class ProblemException extends HttpException {
  constructor(
    status: number,
    title: string,
    extra: { detail?: string; type?: string; [extension: string]: unknown } = {},
  ) {
    super({ type: 'about:blank', title, status, ...extra } satisfies Problem, status);
  }

  get problem(): Problem {
    return this.getResponse() as Problem;
  }
}
