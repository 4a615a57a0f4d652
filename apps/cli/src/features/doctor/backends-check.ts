import { connect as connectAmqp } from 'amqplib';
import { MongoClient } from 'mongodb';
import { request } from 'undici';
import { ok, reasonOf, wrong, type Finding } from './finding.js';

/** Milliseconds for each. */
const WITHIN_MS = 5_000;

type Try = (url: string) => Promise<string>;

const TRIES: Readonly<Record<string, { readonly what: string; readonly attempt: Try; readonly todo: string }>> = {
  AMQP_URL: {
    what: 'RabbitMQ',
    attempt: tryBroker,
    todo: 'Start RabbitMQ, or correct host, user, password and virtual host in AMQP_URL.',
  },
  MONGODB_URL: {
    what: 'MongoDB',
    attempt: tryDatabase,
    todo: 'Start MongoDB, or correct host, user, password and database in MONGODB_URL.',
  },
  CONSUL_URL: {
    what: 'Consul',
    attempt: tryConsul,
    todo: 'Start Consul, or correct CONSUL_URL.',
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    what: 'the trace collector',
    attempt: tryCollector,
    todo: 'Start the collector with OTLP over HTTP (port 4318), or unset OTEL_EXPORTER_OTLP_ENDPOINT: calls work without.',
  },
};

/** Speaks to each server that has a URL, in its own protocol. @param urls environment variable → URL */
export function checkBackends(urls: Readonly<Partial<Record<string, string>>>): Promise<Finding[]> {
  const given = Object.entries(TRIES).filter(([variable]) => urls[variable] !== undefined);
  return Promise.all(
    given.map(async ([variable, { what, attempt, todo }]) => {
      const url = urls[variable]!;
      try {
        return ok(variable, `${what} answers at ${shown(url)}${await within(attempt(url))}`);
      } catch (error) {
        return wrong(variable, `${what} at ${shown(url)}: ${withoutSecrets(reasonOf(error), url)}`, todo);
      }
    }),
  );
}

async function tryBroker(url: string): Promise<string> {
  const connection = await connectAmqp(url, { timeout: WITHIN_MS });
  const { version } = connection.connection.serverProperties as { version?: unknown };
  connection.on('error', () => undefined);
  await connection.close();
  return `, version ${String(version)}`;
}

async function tryDatabase(url: string): Promise<string> {
  const bounds = { serverSelectionTimeoutMS: WITHIN_MS - 500, connectTimeoutMS: WITHIN_MS - 500 };
  const client = new MongoClient(url, bounds);
  try {
    // asks for more than a ping: a user who may not read fails here
    await client.db().listCollections({}, { nameOnly: true }).toArray();
    return '';
  } finally {
    await client.close();
  }
}

async function tryConsul(url: string): Promise<string> {
  const leader = await ask(`${url.replace(/\/$/, '')}/v1/status/leader`);
  if (leader.replaceAll('"', '').trim() === '') throw new Error('it has no leader');
  return '';
}

async function tryCollector(url: string): Promise<string> {
  await ask(`${url.replace(/\/$/, '')}/v1/traces`, '{"resourceSpans":[]}');
  return '';
}

async function ask(url: string, body?: string): Promise<string> {
  const answer = await request(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    body: body ?? null,
    headersTimeout: WITHIN_MS,
    bodyTimeout: WITHIN_MS,
  });
  const text = await answer.body.text();
  if (answer.statusCode >= 400) throw new Error(`it answers with ${answer.statusCode}`);
  return text;
}

/** Drivers have time-outs of their own for parts of it. */
function within<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no answer within ${WITHIN_MS} ms`)), WITHIN_MS);
    work.then(resolve, reject).finally(() => clearTimeout(late));
  });
}

/** Without user, password and options. */
const shown = (url: string): string => url.replace(/\/\/[^/]*@/, '//').replace(/\?.*$/, '');

function withoutSecrets(text: string, url: string): string {
  const password = URL.parse(url)?.password ?? '';
  return password === '' ? text : text.replaceAll(password, '***').replaceAll(decodeURIComponent(password), '***');
}
