// Usergrid's first SDK for Node.js: the token, or the client's id and secret, go into the query of
// every request.
'use strict';
const Usergrid = require('usergrid');
const { arguments_, called, say } = require('./steps');

const { base, application } = arguments_;

function client(options) {
  return new Usergrid.client({ URI: base, orgName: 'acme', appName: 'shop', ...options });
}

// What a callback of the SDK tells about a refusal: `err` is only `true`.
function told([err, data]) {
  return { refused: err === true, status: data.statusCode, error: data.error, description: data.error_description };
}

async function main() {
  const shop = client({ authType: Usergrid.AUTH_APP_USER });
  say('wrong password', told(await called(shop, 'login', 'tom', 'guess')));

  let [err, data] = await called(shop, 'login', 'tom', 'wonderland');
  const token = shop.getToken();
  say('login', { ok: !err, token, expires_in: data.expires_in, user: data.user.username });

  let user;
  [err, , user] = await called(shop, 'getLoggedInUser');
  say('me', { ok: !err, user: user.get('username') });

  let book;
  [err, book] = await called(shop, 'createEntity', { type: 'books', name: 'dune', title: 'Dune' });
  say('create', { ok: !err, name: book.get('name'), uuid: book.get('uuid') });

  let books;
  [err, books] = await called(shop, 'createCollection', { type: 'books', client: shop });
  const names = [];
  while (books.hasNextEntity()) {
    names.push(books.getNextEntity().get('name'));
  }
  say('list', { ok: !err, names });

  book.set('title', 'Dune Messiah');
  [err] = await called(book, 'save');
  const [readError, read] = await called(shop, 'getEntity', { type: 'books', name: 'dune' });
  say('update', { ok: !err && !readError, title: read.get('title') });

  [err] = await called(book, 'destroy');
  say('delete', { ok: !err });
  say('read deleted', told(await called(shop, 'request', { endpoint: 'books/dune' })));

  const sandbox = client({ appName: 'sandbox' });
  [err, data] = await called(sandbox, 'request', { method: 'POST', endpoint: 'books', body: { name: 'node-query' } });
  say('sandbox', { ok: !err, name: data.entities[0].name });

  const bad = client({ authType: Usergrid.AUTH_APP_USER, token: token.slice(0, -4) + 'AAAA' });
  say('bad token', told(await called(bad, 'request', { endpoint: 'books' })));
  bad.set('appName', 'sandbox');
  say('bad token in sandbox', told(await called(bad, 'request', { endpoint: 'books' })));
  say('no token', told(await called(client({}), 'request', { endpoint: 'books' })));

  const pair = { authType: Usergrid.AUTH_CLIENT_ID, clientId: application.id };
  const byClient = client({ ...pair, clientSecret: application.secret });
  [err, data] = await called(byClient, 'request', { endpoint: 'books' });
  say('client pair', { ok: !err, entities: data.entities.length });
  const wrong = client({ ...pair, clientSecret: 'wrong' });
  say('wrong pair', told(await called(wrong, 'request', { endpoint: 'books' })));

  // The SDK's own `logout` only forgets the token.
  const revoke = { method: 'PUT', endpoint: 'users/tom/revoketoken', qs: { token } };
  [err, data] = await called(shop, 'request', revoke);
  say('revoke', { ok: !err, action: data.action });
  say('revoked', told(await called(shop, 'request', { endpoint: 'books' })));
}

main();
