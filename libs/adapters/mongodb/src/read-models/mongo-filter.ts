import type { FilterNode } from '@signalbox/ports';
import type { Filter } from 'mongodb';

type MongoFilter = Filter<{ _id: string }>;

/**
 * A filter in normal form in MongoDB's language. Negations are written `$nor`, which says no more than that the
 * condition does not hold.
 */
export function toMongoFilter(node: FilterNode): MongoFilter {
  switch (node.kind) {
    case 'and':
      return node.nodes.length === 0 ? {} : { $and: node.nodes.map(toMongoFilter) };
    case 'or':
      return { $or: node.nodes.map(toMongoFilter) };
    case 'not':
      return { $nor: [toMongoFilter(node.node)] };
    case 'exists':
      return at(node.path, { $exists: true });
    case 'in':
      return at(node.path, node.values.length === 1 ? { $eq: node.values[0] } : { $in: node.values });
    case 'compare':
      return at(node.path, { [node.operator]: node.value });
  }
}

const at = (path: readonly string[], condition: object): MongoFilter => ({ [path.join('.')]: condition });
