// `URL.parse` came with Node.js 22.1, and oidc-provider 9 calls it. Preloaded by `node --require`.
'use strict';
URL.parse ??= (url, base) => (URL.canParse(url, base) ? new URL(url, base) : null);
