import * as z from 'zod';

const common = {
  /** Space-separated; what the server asks for when absent. */
  scope: z.string().min(1).optional(),
  /** The only authorization server that gets the client's credentials; the first that the server names when absent. */
  issuer: z.url({ protocol: /^https?$/ }).optional(),
  /** Keeps the tokens there, for the owner only; else they are gone when the process is. */
  file: z.string().min(1).optional(),
};
const clientId = z.string().min(1);

const clientCredentialsSchema = z
  .strictObject({
    type: z.literal('client_credentials'),
    clientId,
    clientSecret: z.string().min(1).optional(),
    /** How the secret is sent; by what the authorization server takes when absent. */
    sendSecret: z.enum(['basic', 'post']).optional(),
    /** PKCS #8 in PEM: the client shows that it has it (RFC 7523) instead of a secret. */
    privateKey: z.string().min(1).optional(),
    /** Of the private key; RFC 7518. */
    algorithm: z.enum(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512']).optional(),
    ...common,
  })
  .refine(({ clientSecret, privateKey }) => (clientSecret === undefined) !== (privateKey === undefined), {
    error: 'needs either "clientSecret" or "privateKey"',
  })
  .refine(({ privateKey, algorithm }) => (privateKey === undefined) === (algorithm === undefined), {
    error: '"algorithm" belongs to "privateKey", and is needed with it',
    path: ['algorithm'],
  });

const authorizationCodeSchema = z
  .strictObject({
    type: z.literal('authorization_code'),
    /** Of a client that is registered already; else it registers itself. */
    clientId: clientId.optional(),
    clientSecret: z.string().min(1).optional(),
    /** Where the client's metadata document is (CIMD): its id, at authorization servers that take one. */
    clientMetadataUrl: z.url({ protocol: /^https$/ }).optional(),
    ...common,
  })
  .refine(({ clientSecret, clientId: id }) => clientSecret === undefined || id !== undefined, {
    error: '"clientSecret" needs "clientId"',
    path: ['clientSecret'],
  });

/** How a client of OAuth 2.1 gets the tokens that an HTTP server wants. Secrets. */
export const upstreamAuthSchema = z.discriminatedUnion('type', [clientCredentialsSchema, authorizationCodeSchema], {
  error: '"type" must be "client_credentials" or "authorization_code"',
});
export type UpstreamAuth = z.infer<typeof upstreamAuthSchema>;
