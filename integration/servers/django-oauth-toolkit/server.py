"""django-oauth-toolkit with the clients of FILE, on a free loopback port that it prints.

usage: python server.py FILE DIRECTORY

All that it knows is in DIRECTORY, which may go when it ends. Access tokens begin with
TOKEN_PREFIX, if that is in the environment.
"""

import json
import os
import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.urls import include, path
from oauthlib.common import generate_token

cast = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
seconds = {client["id"]: client["seconds"] for client in cast["clients"]}


def access_token(request, refresh_token=False):
    """What oauthlib makes, after the prefix."""
    return os.environ.get("TOKEN_PREFIX", "") + generate_token()



settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": Path(sys.argv[2]) / "oauth.sqlite3",
            # Several tests ask at once. A transaction that reads first and then has to wait to write
            # is told at once that the database is locked, which is a 500; one that may write from
            # its beginning waits.
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 30},
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "oauth2_provider",
    ],
    # Nothing is kept from an earlier version: the tables are made as they are now, not step by
    # step.
    MIGRATION_MODULES={app: None for app in ("auth", "contenttypes", "oauth2_provider")},
    OAUTH2_PROVIDER={
        "ACCESS_TOKEN_GENERATOR": f"{__name__}.access_token",
        "EXTRA_SERVER_KWARGS": {
            "token_expires_in": lambda request: seconds[request.client.client_id]
        },
        "SCOPES": {scope: scope for scope in cast["scopes"]},
    },
    # What makes a password hash worth having, its slowness, is in the way here.
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="of no worth",
    USE_TZ=True,
)
django.setup()
urlpatterns = [path("oauth/", include("oauth2_provider.urls"))]


def populate():
    """Creates the tables, the user and the clients."""
    from django.contrib.auth import get_user_model
    from oauth2_provider.models import get_application_model

    application = get_application_model()
    grants = {
        # There is none that allows nothing; this client just does not use it.
        "none": application.GRANT_CLIENT_CREDENTIALS,
        "client_credentials": application.GRANT_CLIENT_CREDENTIALS,
        "user": application.GRANT_PASSWORD,
    }
    call_command("migrate", run_syncdb=True, verbosity=0)
    user = cast["user"]
    get_user_model().objects.create_user(user["name"], password=user["password"])
    for client in cast["clients"]:
        application.objects.create(
            client_id=client["id"],
            client_secret=client["secret"],
            client_type=application.CLIENT_CONFIDENTIAL,
            authorization_grant_type=grants[client["grant"]],
        )


class Quiet(WSGIRequestHandler):
    """Does not log requests."""

    def log_message(self, format, *args):
        pass


populate()
server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet)
server.set_app(get_wsgi_application())
print(f"listening on 127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
