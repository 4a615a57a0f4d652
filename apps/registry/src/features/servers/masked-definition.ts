import type { UpstreamDefinition } from '@signalbox/contracts';

const MASK = '***';
const SECRET = /token|secret|passw|api-?_?key|credential|auth/i;

/**
 * A definition as it may enter the log. Values of `env` and `headers` are masked, and so are what looks like a secret in
 * arguments (`--token X`, `--token=X`), and a URL's password and query values.
 */
export function maskedDefinition({ target, settings }: UpstreamDefinition): Record<string, unknown> {
  if (target.kind === 'stdio') {
    const { command, args, env, cwd } = target;
    return { command, args: maskArgs(args), env: maskValues(env), ...(cwd && { cwd }), signalbox: settings };
  }
  const { url, instances, headers } = target;
  const places = instances
    ? { instances: instances.map((instance) => ({ ...instance, url: maskUrl(instance.url) })) }
    : { url: maskUrl(url) };
  return { ...places, headers: maskValues(headers), signalbox: settings };
}

const maskValues = (values: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.keys(values)
      .sort()
      .map((name) => [name, MASK]),
  );

function maskArgs(args: readonly string[]): string[] {
  return args.map((arg, i) => {
    const flag = /^(--?[\w-]+)=/.exec(arg)?.[1];
    if (flag && SECRET.test(flag)) return `${flag}=${MASK}`;
    const before = args[i - 1] ?? '';
    const isValue = /^--?[\w-]+$/.test(before) && SECRET.test(before) && !arg.startsWith('-');
    return isValue ? MASK : maskUrl(arg);
  });
}

function maskUrl(text: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return text;
  const url = URL.parse(text);
  if (!url) return text;
  const hides = url.password !== '' || url.search !== '';
  if (!hides) return text;
  if (url.password) url.password = MASK;
  for (const name of new Set(url.searchParams.keys())) url.searchParams.set(name, MASK);
  return url.href;
}
