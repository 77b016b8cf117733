// A certified OpenID provider on loopback, plain and with TLS, for the lab tests.
//
//   node server.mjs DIRECTORY PORT TLS_PORT
//
// DIRECTORY holds secrets.json, jwks.json (the public key of the client that signs), and ca.pem, server.pem, server.key.
// A client is named for how it proves itself and for its secret: `client_secret_basic-odd`.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { Provider } from 'oidc-provider'

const [directory, port, tlsPort] = process.argv.slice(2)
const read = (name) => readFileSync(`${directory}/${name}`, 'utf8')
const common = { grant_types: ['client_credentials'], response_types: [], redirect_uris: [] }
const clients = []
for (const [name, secret] of Object.entries(JSON.parse(read('secrets.json')))) {
  for (const method of ['client_secret_post', 'client_secret_basic', 'client_secret_jwt']) {
    clients.push({ client_id: `${method}-${name}`, client_secret: secret, token_endpoint_auth_method: method, ...common })
  }
}
clients.push({ client_id: 'private_key_jwt', token_endpoint_auth_method: 'private_key_jwt', jwks: JSON.parse(read('jwks.json')), ...common })
clients.push({ client_id: 'tls_client_auth', token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_subject_dn: 'CN=lab', tls_client_certificate_bound_access_tokens: true, ...common })

const certificate = (ctx) => ctx.socket.getPeerCertificate?.(true)
const configuration = {
  clients,
  clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'tls_client_auth', 'none'],
  scopes: ['optimize:read'],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'urn:optimize-api',
      useGrantedResource: () => true,
      getResourceServerInfo: (ctx, resource) => ({
        scope: 'optimize:read', audience: resource, accessTokenTTL: 60, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } },
      }),
    },
    mTLS: {
      enabled: true, certificateBoundAccessTokens: true, tlsClientAuth: true,
      getCertificate: (ctx) => {
        const peer = certificate(ctx)
        return peer?.raw && `-----BEGIN CERTIFICATE-----\n${peer.raw.toString('base64')}\n-----END CERTIFICATE-----`
      },
      certificateAuthorized: (ctx) => ctx.socket.authorized === true,
      certificateSubjectMatches: (ctx, property, expected) => property === 'tls_client_auth_subject_dn' && `CN=${certificate(ctx)?.subject?.CN}` === expected,
    },
  },
}
new Provider(`http://127.0.0.1:${port}`, configuration).listen(Number(port), '127.0.0.1')
const tls = { ca: read('ca.pem'), cert: read('server.pem'), key: read('server.key'), requestCert: true, rejectUnauthorized: false }
createServer(tls, new Provider(`https://127.0.0.1:${tlsPort}`, configuration).callback()).listen(Number(tlsPort), '127.0.0.1')
