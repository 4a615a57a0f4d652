import safeRegex from 'safe-regex2';
import * as z from 'zod';

const DEFAULT_KEYS = [
  'password',
  'passwd',
  'pwd',
  'passphrase',
  'secret',
  'clientSecret',
  'secretKey',
  'privateKey',
  'signingKey',
  'encryptionKey',
  'token',
  'accessToken',
  'refreshToken',
  'idToken',
  'authToken',
  'bearerToken',
  'apiToken',
  'sessionToken',
  'apiKey',
  'xApiKey',
  'accessKey',
  'secretAccessKey',
  'accountKey',
  'connectionString',
  'authorization',
  'proxyAuthorization',
  'cookie',
  'setCookie',
  'credential',
  'credentials',
];

const DEFAULT_KEY_PATTERNS = [
  '(password|passwd|passphrase|secret|api[-_]?key|private[-_]?key|secret[-_]?key)$',
  '(access|auth|refresh|bearer|github|gitlab|slack|bot)[-_]?token$',
];

/** Each has a fixed part at or near its beginning and only simple repetitions, so that it runs in linear time. */
const DEFAULT_VALUE_PATTERNS = [
  '\\b[Bb]earer\\s{1,4}[A-Za-z0-9._~+/=-]{8,}',
  '\\bBasic\\s{1,4}[A-Za-z0-9+/]{12,}={0,2}',
  '\\bsk-[A-Za-z0-9_-]{16,}',
  '\\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}',
  '\\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\\b',
  '\\bAIza[A-Za-z0-9_-]{35}',
  '\\bgh[opsur]_[A-Za-z0-9]{30,}',
  '\\bgithub_pat_[A-Za-z0-9_]{30,}',
  '\\bglpat-[A-Za-z0-9_-]{16,}',
  '\\bxox[abeoprs]-[A-Za-z0-9-]{10,}',
  '\\bnpm_[A-Za-z0-9]{36}',
  '\\beyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]*',
  '-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\\s\\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)',
  '://[^\\s/:@]{1,200}:[^\\s/@]{1,200}@',
];

const regex = z.string().max(1000).refine(isSafeRegex, {
  error: 'must be a regular expression without nested repetition, such as (a+)+',
});

function isSafeRegex(source: string): boolean {
  try {
    new RegExp(source);
    return safeRegex(source);
  } catch {
    return false;
  }
}

const pathRule = z.strictObject({
  /** Name of the upstream server; `*` is any. */
  server: z.string().default('*'),
  /** The tool's name at its server; `*` is any. */
  tool: z.string().default('*'),
  part: z.enum(['arguments', 'result', 'any']).default('any'),
  /** Keys and array indexes from the part's root, joined by dots; `*` is any one of them: `headers.*`. */
  path: z.string().min(1).max(500),
});

/** What never enters the log (DESIGN section 3). Section `signalbox.redaction` of the configuration file. */
export const redactionRulesSchema = z
  .strictObject({
    enabled: z.boolean().default(true),
    replacement: z.string().max(100).default('[redacted]'),
    /** Keys whose values are replaced. Case, `-` and `_` do not matter. */
    keys: z.array(z.string().min(1).max(200)).max(500).default(DEFAULT_KEYS),
    /** Regular expressions (case-insensitive) for keys whose values are replaced. */
    keyPatterns: z.array(regex).max(100).default(DEFAULT_KEY_PATTERNS),
    /** Regular expressions for the parts of strings that are replaced. */
    valuePatterns: z.array(regex).max(100).default(DEFAULT_VALUE_PATTERNS),
    paths: z.array(pathRule).max(1000).default([]),
    /** What lies deeper is replaced as a whole. */
    maxDepth: z.number().int().min(1).max(1000).default(64),
  })
  .prefault({});
export type RedactionRules = z.infer<typeof redactionRulesSchema>;
export type RedactionRulesInput = z.input<typeof redactionRulesSchema>;
