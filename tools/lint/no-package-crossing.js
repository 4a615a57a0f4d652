import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** @param {string} from */
function packageRootOf(from) {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json')) || dirname(folder) === folder) return folder;
  }
}

/** A relative import must stay in its package: what another package offers is imported by that package's name. */
export const noPackageCrossing = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { crosses: '"{{source}}" leaves the package; import the other package by its name.' },
  },
  create(context) {
    const folder = dirname(context.filename);
    const check = (node) => {
      const source = node.source?.value;
      if (typeof source !== 'string' || !source.startsWith('.')) return;
      const root = packageRootOf(folder);
      if (!resolve(folder, source).startsWith(root + '/'))
        context.report({ node, messageId: 'crosses', data: { source } });
    };
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
    };
  },
};
