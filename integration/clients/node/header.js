// Usergrid's second SDK for Node.js: the token goes into the Authorization header. It has no way to
// put it into the query.
'use strict';
const UsergridClient = require('usergrid-2/lib/client');
const UsergridAuth = require('usergrid-2/lib/auth');
const { arguments_, called, say } = require('./steps');

const { base, application } = arguments_;

function client(appId = 'shop') {
  return new UsergridClient({ baseUrl: base, orgId: 'acme', appId });
}

function told([error, response]) {
  return { refused: !response.ok, status: response.statusCode, error: error.name, description: error.description };
}

async function main() {
  const shop = client();
  const wrong = { username: 'tom', password: 'guess' };
  say('wrong password', told(await called(shop, 'authenticateUser', wrong)));

  let [error, response, token] = await called(shop, 'authenticateUser', { username: 'tom', password: 'wonderland' });
  say('login', { ok: response.ok, token, expires_in: shop.currentUser.auth.tokenTtl, user: 'tom' });

  [error, response] = await called(shop, 'GET', 'users', 'me');
  say('me', { ok: response.ok, user: response.entity.username });

  [error, response] = await called(shop, 'POST', 'books', { name: 'dune', title: 'Dune' });
  const book = response.entity;
  say('create', { ok: response.ok, name: book.name, uuid: book.uuid });

  [error, response] = await called(shop, 'GET', 'books');
  say('list', { ok: response.ok, names: response.entities.map((entity) => entity.name) });

  [error, response] = await called(shop, 'PUT', 'books', book.uuid, { title: 'Dune Messiah' });
  const [, read] = await called(shop, 'GET', 'books', 'dune');
  say('update', { ok: response.ok && read.ok, title: read.entity.title });

  [error, response] = await called(shop, 'DELETE', 'books', book.uuid);
  say('delete', { ok: response.ok });
  say('read deleted', told(await called(shop, 'GET', 'books', 'dune')));

  const sandbox = client('sandbox');
  [error, response] = await called(sandbox, 'POST', 'books', { name: 'node-header' });
  say('sandbox', { ok: response.ok, name: response.entity.name });

  const bad = token.slice(0, -4) + 'AAAA';
  say('bad token', told(await called(shop.usingAuth(bad), 'GET', 'books')));
  say('bad token in sandbox', told(await called(sandbox.usingAuth(bad), 'GET', 'books')));
  say('no token', told(await called(client(), 'GET', 'books')));

  const byClient = client();
  byClient.authMode = UsergridAuth.AUTH_MODE_APP;
  byClient.setAppAuth(application.id, application.secret);
  [error, response] = await called(byClient, 'authenticateApp');
  [error, response] = await called(byClient, 'GET', 'books');
  say('client pair', { ok: response.ok, entities: response.entities.length });
  const wrongClient = client();
  wrongClient.setAppAuth(application.id, 'wrong');
  say('wrong pair', told(await called(wrongClient, 'authenticateApp')));

  [error, response] = await called(shop.currentUser, 'logout', shop);
  say('revoke', { ok: response.ok, action: response.body.action });
  say('revoked', told(await called(shop.usingAuth(token), 'GET', 'books')));
}

main();
