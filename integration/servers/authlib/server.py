"""Authlib in Flask with the clients of FILE, on a free loopback port that it prints.

usage: python server.py FILE DIRECTORY

All that it knows is in memory, and so gone when it ends. Authlib is a toolkit: what its
documentation leaves to the application (where tokens are kept, which client may ask, what is told)
is answered here as its examples do.
"""

import json
import os
import sys
import time
from pathlib import Path

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin, grants
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

# The server listens on loopback without TLS.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

cast = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
tokens = {}


class Client(ClientMixin):
    GRANTS = {
        "none": [],
        "client_credentials": ["client_credentials"],
        "user": ["password", "refresh_token"],
    }

    def __init__(self, entry):
        self.client_id = entry["id"]
        self.secret = entry["secret"]
        self.auth = entry["auth"]
        self.grants = self.GRANTS[entry["grant"]]
        self.seconds = entry["seconds"]

    def get_client_id(self):
        return self.client_id

    def get_default_redirect_uri(self):
        return None

    def get_allowed_scope(self, scope):
        return " ".join(word for word in (scope or "").split() if word in cast["scopes"])

    def check_redirect_uri(self, redirect_uri):
        return False

    def check_client_secret(self, client_secret):
        return self.secret == client_secret

    def check_endpoint_auth_method(self, method, endpoint):
        return self.auth == method

    def check_response_type(self, response_type):
        return False

    def check_grant_type(self, grant_type):
        return grant_type in self.grants


class Token(TokenMixin):
    def __init__(self, client, user, issued):
        self.client = client
        self.user = user
        self.kind = issued["token_type"]
        self.scope = issued.get("scope", "")
        self.issued = int(time.time())
        self.expires = self.issued + issued["expires_in"]
        self.revoked = False

    def check_client(self, client):
        return self.client is client

    def get_scope(self):
        return self.scope

    def get_expires_in(self):
        return self.expires - self.issued

    def is_expired(self):
        return self.expires <= time.time()

    def is_revoked(self):
        return self.revoked


clients = {entry["id"]: Client(entry) for entry in cast["clients"]}


def save_token(issued, request):
    token = Token(request.client, request.user, issued)
    for name in ("access_token", "refresh_token"):
        if name in issued:
            tokens[name, issued[name]] = token


class PasswordGrant(grants.ResourceOwnerPasswordCredentialsGrant):
    def authenticate_user(self, username, password):
        if cast["user"] == {"name": username, "password": password}:
            return username
        return None


class KnownTokens:
    """Both endpoints find tokens, and know their clients, in the same way."""

    CLIENT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]

    def query_token(self, token_string, token_type_hint):
        hints = [token_type_hint] if token_type_hint else ["access_token", "refresh_token"]
        found = (tokens.get((hint, token_string)) for hint in hints)
        return next((token for token in found if token), None)


class Introspection(KnownTokens, IntrospectionEndpoint):
    def check_permission(self, token, client, request):
        # Whoever only verifies may ask about every token; others, about their own.
        return not client.grants or token.check_client(client)

    def introspect_token(self, token):
        told = {
            "active": True,
            "client_id": token.client.client_id,
            "token_type": token.kind,
            "username": token.user,
            "scope": token.scope,
            "sub": token.user,
            "aud": cast["audience"],
            "iss": "https://auth.example.com",
            "exp": token.expires,
            "iat": token.issued,
        }
        return told


class Revocation(KnownTokens, RevocationEndpoint):
    def revoke_token(self, token, request):
        token.revoked = True


app = Flask(__name__)
server = AuthorizationServer(app, query_client=clients.get, save_token=save_token)
server.register_token_generator(
    "default",
    BearerTokenGenerator(
        access_token_generator=lambda **_: os.urandom(30).hex(),
        refresh_token_generator=lambda **_: os.urandom(30).hex(),
        expires_generator=lambda client, grant_type: client.seconds,
    ),
)
METHODS = KnownTokens.CLIENT_AUTH_METHODS
for grant in (PasswordGrant, grants.ClientCredentialsGrant):
    grant.TOKEN_ENDPOINT_AUTH_METHODS = METHODS
    server.register_grant(grant)
for endpoint in (Introspection, Revocation):
    server.register_endpoint(endpoint)


@app.post("/oauth/token")
def token():
    return server.create_token_response()


@app.post("/oauth/introspect")
def introspect():
    return server.create_endpoint_response(Introspection.ENDPOINT_NAME)


@app.post("/oauth/revoke")
def revoke():
    return server.create_endpoint_response(Revocation.ENDPOINT_NAME)


class Quiet(WSGIRequestHandler):
    """Does not log requests."""

    def log_request(self, *args):
        pass


http = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
print(f"listening on 127.0.0.1:{http.server_port}", flush=True)
http.serve_forever()
