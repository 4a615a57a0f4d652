import { COMMON_VARIABLES, FACT_NAMES } from '@signalbox/domain/notification';
import Handlebars from 'handlebars';

/** What a template is filled with. */
export type TemplateValues = Readonly<Record<string, string | number | boolean | undefined>>;
export type Template = (values: TemplateValues) => string;

/** Of a text made by a template, in characters. */
export const MAX_TEXT = 8_000;
const HELPERS = new Set(['if', 'unless', 'json']);
const NAMES: ReadonlySet<string> = new Set<string>([...COMMON_VARIABLES, ...FACT_NAMES]);
/** What only the body of a webhook knows. */
const BODY_NAMES: ReadonlySet<string> = new Set([...NAMES, 'text']);

// apart from whatever else in this process uses Handlebars
const engine = Handlebars.create();
engine.registerHelper('json', (value: unknown) => JSON.stringify(value ?? null));

/**
 * Compiles a Handlebars template: `{{name}}`, `{{#if name}}…{{else}}…{{/if}}`, `{{#unless name}}…{{/unless}}`, and
 * `{{json name}}` for a value as JSON. Nothing is escaped: the texts are no HTML.
 * @throws Error that says what is wrong and what is allowed
 */
export function compileTemplate(text: string): Template {
  const render = compiled(text, NAMES);
  return (values) => {
    const made = render(values);
    return made.length > MAX_TEXT ? `${made.slice(0, MAX_TEXT)}…` : made;
  };
}

/**
 * A template of a whole body in JSON, which also knows `text`.
 * @throws Error that says what is wrong, also when it does not make JSON
 */
export function compileBody(text: string): Template {
  const render = compiled(text, BODY_NAMES);
  const sample = Object.fromEntries([...BODY_NAMES].map((name) => [name, 'a "text"\nof two lines']));
  for (const values of [sample, {}]) {
    try {
      JSON.parse(render(values));
    } catch {
      throw new Error('does not make JSON; write {{json name}} for a value as JSON, quotes included');
    }
  }
  return render;
}

function compiled(text: string, names: ReadonlySet<string>): Template {
  let program: hbs.AST.Program;
  try {
    program = engine.parse(text);
  } catch (error) {
    const hint = text.includes('}}}') ? '; write a space between }} and a } that follows it' : '';
    throw new Error(`is no template: ${(error as Error).message.replaceAll(/\s*\n\s*/g, ' ')}${hint}`, {
      cause: error,
    });
  }
  checkStatements(program, names);
  return engine.compile(program, { noEscape: true, knownHelpersOnly: true, knownHelpers: { json: true } });
}

/** Only what is logic-less: a name that nothing has would be an empty place in every text. */
function checkStatements(program: hbs.AST.Program | undefined, names: ReadonlySet<string>): void {
  for (const statement of program?.body ?? []) {
    switch (statement.type) {
      case 'ContentStatement':
      case 'CommentStatement':
        break;
      case 'MustacheStatement': {
        const { path, params } = statement as hbs.AST.MustacheStatement;
        checkUse(path, params, names);
        break;
      }
      case 'BlockStatement': {
        const { path, params, program: inner, inverse } = statement as hbs.AST.BlockStatement;
        if (params.length !== 1) throw new Error(`{{#${path.original}}} takes one name`);
        checkUse(path, params, names);
        checkStatements(inner, names);
        checkStatements(inverse, names);
        break;
      }
      default:
        throw new Error(
          `has what is not allowed (${statement.type}); allowed: {{name}}, {{#if}}, {{#unless}}, {{json}}`,
        );
    }
  }
}

function checkUse(path: hbs.AST.Expression, params: readonly hbs.AST.Expression[], names: ReadonlySet<string>): void {
  if (params.length === 0) return checkName(path, names);
  const helper = (path as hbs.AST.PathExpression).original;
  if (!HELPERS.has(helper)) throw new Error(`knows no helper ${helper}; known: ${[...HELPERS].join(', ')}`);
  for (const param of params) checkName(param, names);
}

function checkName(path: hbs.AST.Expression, names: ReadonlySet<string>): void {
  const name = (path as hbs.AST.PathExpression).original;
  if (path.type === 'PathExpression' && names.has(name)) return;
  throw new Error(`{{${String(name)}}} is not known; known: ${[...names].sort().join(', ')}`);
}
