import { getBorderCharacters, table } from 'table';
import { clean, oneLine } from './clean.js';

/** Where results and remarks go: results to stdout, as tables or as JSON, remarks to stderr. */
export class Output {
  constructor(
    private readonly stdout: NodeJS.WritableStream,
    private readonly stderr: NodeJS.WritableStream,
  ) {}

  json(value: unknown): void {
    this.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
  }

  /** One value per line, for what goes on. */
  jsonLine(value: unknown): void {
    this.stdout.write(`${JSON.stringify(value)}\n`);
  }

  line(text = ''): void {
    this.stdout.write(`${clean(text)}\n`);
  }

  /** @param empty what is said when there is no row */
  table(headers: readonly string[], rows: readonly (readonly unknown[])[], empty: string): void {
    this.stdout.write(rows.length === 0 ? `${empty}\n` : tableText(headers, rows));
  }

  /** Something that is no result. */
  note(text: string): void {
    this.stderr.write(`${clean(text)}\n`);
  }
}

/** A table without lines, one row per line. */
export function tableText(headers: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const cells = [[...headers], ...rows.map((row) => row.map((cell) => oneLine(cell)))];
  const text = table(cells, {
    border: getBorderCharacters('void'),
    columnDefault: { paddingLeft: 0, paddingRight: 2 },
    drawHorizontalLine: () => false,
  });
  return text.replace(/[ \t]+$/gm, '');
}
