import { ProblemException } from '@signalbox/nest-kit';
import type { Filter } from '@signalbox/ports';
import * as z from 'zod';
import type { ResourceServiceConfig } from '../../config.js';
import { parseDocumentFilter } from './document-filter.js';
import { ENVELOPE_FIELDS, fieldOf } from './document-fields.js';

const positive = z.string().regex(/^[1-9]\d{0,8}$/, 'must be a whole number from 1 on');

/** The query parameters of `GET /resources/:collection`, before their contents are read. */
export const listParametersSchema = z.strictObject({
  filter: z.string().optional().describe('JSON, as in {"status":"open","priority":{"$gte":2}}'),
  sort: z.string().optional().describe('Fields separated by commas, - for descending, as in -_updatedAt,title'),
  page: positive.optional().describe('From 1; default 1'),
  pageSize: positive.optional(),
});
export type ListParameters = z.infer<typeof listParametersSchema>;

export interface ListQuery {
  readonly filter: Filter;
  readonly sort: Readonly<Record<string, 1 | -1>>;
  readonly page: number;
  readonly pageSize: number;
  readonly skip: number;
}

/** @throws ProblemException 400 that names the parameter and what is allowed */
export function parseListQuery(parameters: ListParameters, limits: ResourceServiceConfig['lists']): ListQuery {
  const page = Number(parameters.page ?? 1);
  const pageSize = Number(parameters.pageSize ?? limits.defaultPageSize);
  if (pageSize > limits.maxPageSize) throw refuse('pageSize', `at most ${limits.maxPageSize}`);
  const skip = (page - 1) * pageSize;
  if (skip > limits.maxSkip) {
    throw refuse('page', `at most ${limits.maxSkip} documents may lie before a page; narrow the filter instead`);
  }
  const filter = parameters.filter === undefined ? {} : parseDocumentFilter(parameters.filter, limits);
  return { filter, sort: parseSort(parameters.sort, limits.maxSortFields), page, pageSize, skip };
}

function parseSort(text: string | undefined, maxFields: number): Record<string, 1 | -1> {
  if (text === undefined) return { id: 1 };
  const names = text.split(',').map((name) => name.trim());
  if (names.length > maxFields) throw refuse('sort', `at most ${maxFields} fields`);
  return Object.fromEntries(
    names.map((name) => {
      const field = fieldOf(name.replace(/^-/, ''));
      const own = `fields of the documents and ${ENVELOPE_FIELDS.join(', ')}`;
      if (!field) throw refuse('sort', `"${name}" is no field; allowed are ${own}, each with - for descending`);
      return [field, name.startsWith('-') ? -1 : 1];
    }),
  );
}

function refuse(path: string, message: string): ProblemException {
  return new ProblemException(400, 'Bad Request', { detail: `${path}: ${message}`, errors: [{ path, message }] });
}
