// What both scripts share: their arguments, one line of JSON for each step, and promises around
// callbacks.
'use strict';

const [base, id, secret] = process.argv.slice(2);
if (!secret) {
  throw new Error('usage: node SCRIPT BASE_URL CLIENT_ID CLIENT_SECRET');
}

exports.arguments_ = { base, application: { id, secret } };

exports.say = (step, result) => console.log(JSON.stringify({ step, ...result }));

// Calls a method that ends with a callback; all of the callback's arguments.
exports.called = (object, method, ...rest) =>
  new Promise((resolve) => object[method](...rest, (...results) => resolve(results)));
