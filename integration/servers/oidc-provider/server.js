// oidc-provider with the clients of FILE, on a free loopback port that it prints. All it knows is
// in memory. Access tokens begin with TOKEN_PREFIX, if that is in the environment.
// usage: node server.js FILE

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

import Provider from 'oidc-provider';

const { audience, scopes, clients } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const secondsOf = (ctx, token, client) => clients.find(({ id }) => id === client.clientId).seconds;

const grants = {
  none: { grant_types: [], response_types: [], redirect_uris: [] },
  client_credentials: { grant_types: ['client_credentials'], response_types: [], redirect_uris: [] },
  user: {
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    redirect_uris: [`${audience}/signed-in`],
  },
};

const configuration = {
  clients: clients.map(({ id, secret, auth, grant }) => ({
    client_id: id, client_secret: secret, token_endpoint_auth_method: auth, ...grants[grant],
  })),
  cookies: { keys: ['of no worth'] },
  features: {
    // A page to log in and to consent, where any user is believed.
    devInteractions: { enabled: true },
    clientCredentials: { enabled: true },
    // Whoever only verifies may ask about every token; a client that gets tokens, about its own.
    introspection: {
      enabled: true,
      allowedPolicy: (ctx, client, token) => (
        client.clientId === token.clientId || client.grantTypes.length === 0),
    },
    revocation: { enabled: true },
    // All tokens are for one API, whose scopes these are; opaque, as is the default.
    resourceIndicators: {
      enabled: true,
      defaultResource: () => audience,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({ audience, scope: scopes.join(' '), accessTokenFormat: 'opaque' }),
    },
  },
  pkce: { required: () => false },
  ttl: { AccessToken: secondsOf, ClientCredentials: secondsOf },
};

// There is no setting for it: what makes a token's text is a method of its class.
const prefixed = (provider, prefix) => {
  for (const { prototype } of [provider.AccessToken, provider.ClientCredentials]) {
    const { generateTokenId } = prototype;
    prototype.generateTokenId = function withPrefix() {
      return prefix + generateTokenId.call(this);
    };
  }
};

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const address = `127.0.0.1:${server.address().port}`;
  const provider = new Provider(`http://${address}`, configuration);
  prefixed(provider, process.env.TOKEN_PREFIX ?? '');
  server.on('request', provider.callback());
  console.log(`listening on ${address}`);
});
