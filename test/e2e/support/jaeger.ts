/** A span as these tests look at it. */
export interface SeenSpan {
  readonly service: string;
  readonly name: string;
  readonly id: string;
  readonly parent: string | undefined;
  readonly tags: Readonly<Record<string, unknown>>;
}

interface JaegerTrace {
  readonly spans: readonly {
    readonly operationName: string;
    readonly processID: string;
    readonly spanID: string;
    readonly references: readonly { readonly refType: string; readonly spanID: string }[];
    readonly tags: readonly { readonly key: string; readonly value: unknown }[];
  }[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}

/** Names of the services of which Jaeger has spans. */
export async function servicesIn(jaeger: string): Promise<string[]> {
  const response = await fetch(`${jaeger}/api/services`);
  return ((await response.json()) as { data: string[] | null }).data ?? [];
}

/** What Jaeger has of a trace by now; spans come in one by one. */
export async function spansOfTrace(jaeger: string, traceId: string): Promise<SeenSpan[]> {
  const response = await fetch(`${jaeger}/api/traces/${traceId}`);
  const { data } = (await response.json()) as { data: JaegerTrace[] | null };
  const [trace] = data ?? [];
  if (!trace) return [];
  return trace.spans.map(({ operationName, processID, spanID, references, tags }) => ({
    service: trace.processes[processID]!.serviceName,
    name: operationName,
    id: spanID,
    parent: references.find(({ refType }) => refType === 'CHILD_OF')?.spanID,
    tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
  }));
}

/** `gateway: tools/call echo` of each span, each once, sorted. */
export const namesOf = (spans: readonly SeenSpan[]): string[] =>
  [...new Set(spans.map(({ service, name }) => `${service}: ${name}`))].sort();

/** Whether the parent of every span is there, in a trace that begins here. */
export function hasAllParents(spans: readonly SeenSpan[]): boolean {
  const ids = new Set(spans.map(({ id }) => id));
  return spans.every(({ parent }) => parent === undefined || ids.has(parent));
}

/** The names from the root of the trace down to a span. @throws Error when a parent is missing */
export function pathTo(spans: readonly SeenSpan[], name: string): string[] {
  const first = spans.find((span) => `${span.service}: ${span.name}` === name);
  if (!first) throw new Error(`no span ${name}`);
  const path: string[] = [];
  for (let at: SeenSpan = first; ;) {
    path.unshift(`${at.service}: ${at.name}`);
    const above: string | undefined = at.parent;
    if (above === undefined) return path;
    const next: SeenSpan | undefined = spans.find(({ id }) => id === above);
    if (!next) throw new Error(`the parent of ${path[0]} is not there`);
    at = next;
  }
}
