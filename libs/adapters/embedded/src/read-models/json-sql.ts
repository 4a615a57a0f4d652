import type { FieldPath } from '@signalbox/ports';

/**
 * Ranks of MongoDB's type order, as far as JSON has the types: missing and null, numbers, strings, objects, arrays, booleans.
 * Values compare with values of their own rank only.
 */
export const RANK = { missing: 1, number: 2, string: 3, object: 4, array: 5, boolean: 6 } as const;

/** SQL for the rank of what `json_type` gave. Also what indexes are made of: keep its text stable. */
export function rankOfType(type: string): string {
  return (
    `CASE ${type} WHEN 'integer' THEN 2 WHEN 'real' THEN 2 WHEN 'text' THEN 3 WHEN 'object' THEN 4 ` +
    `WHEN 'array' THEN 5 WHEN 'true' THEN 6 WHEN 'false' THEN 6 ELSE 1 END`
  );
}

/** A place in a JSON text: SQL for the text, and a JSON path in it. */
export interface Place {
  readonly json: string;
  readonly path: string;
}

/** The column with the document. Not `json`: that is a hidden column of json_each, and would win inside it. */
export const root: Place = { json: 'doc', path: '$' };

/** Literal, not bound: SQLite takes an expression index only for the same text. The segments have no quotes (parseFieldPath). */
const literal = (path: string): string => `'${path}'`;

export const typeAt = ({ json, path }: Place): string => `json_type(${json}, ${literal(path)})`;
export const valueAt = ({ json, path }: Place): string => `json_extract(${json}, ${literal(path)})`;
export const rankAt = (place: Place): string => rankOfType(typeAt(place));
export const elementsAt = ({ json, path }: Place, alias: string): string =>
  `json_each(${json}, ${literal(path)}) AS ${alias}`;

export function member(place: Place, names: FieldPath): Place {
  return { json: place.json, path: place.path + names.map((name) => `."${name}"`).join('') };
}

export function element(place: Place, index: number): Place {
  return { json: place.json, path: `${place.path}[${index}]` };
}
