"""Usergrid's SDK for Python: the token goes into the Authorization header. It has no way to put it into the query."""

import json
import sys

from usergrid import UsergridClient, UsergridQueryIterator
from usergrid.UsergridAuth import UsergridUserAuth

if len(sys.argv) != 4:
    sys.exit("usage: python header.py BASE_URL CLIENT_ID CLIENT_SECRET")
BASE, CLIENT_ID, CLIENT_SECRET = sys.argv[1:]


def say(step, **result):
    print(json.dumps({"step": step, **result}), flush=True)


def client(app="shop", **options):
    return UsergridClient("acme", app, base_url=BASE, **options)


def told(response):
    return {
        "refused": not response.ok,
        "status": response.status_code,
        "error": response.error,
        "description": response.error_description,
    }


def refused_login(attempt):
    """Where it cannot log in, the SDK raises an error whose text ends with the body of the answer."""
    try:
        attempt()
    except ValueError as error:
        body = json.loads(str(error).split(": ", 1)[1])
        return {"refused": True, "error": body["error"], "description": body["error_description"]}
    return {"refused": False}


shop = client()
say("wrong password", **refused_login(lambda: UsergridUserAuth("tom", "guess").authenticate(shop)))

tom = UsergridUserAuth("tom", "wonderland")
tom.authenticate(shop)
say("login", ok=True, token=tom.access_token, expires_in=tom.token_ttl_seconds, user="tom")

response = shop.GET("users", "me", auth=tom)
say("me", ok=response.ok, user=response.first().get("username"))

response = shop.POST("books", {"name": "dune", "title": "Dune"}, auth=tom)
book = response.first()
say("create", ok=response.ok, name=book.get("name"), uuid=book.get("uuid"))

# The iterator was written for Python 2 and has `next` alone; it is called by that name.
books = UsergridQueryIterator(
    f"{BASE}/acme/shop/books?ql=select *&limit=10", headers={"Authorization": f"Bearer {tom.access_token}"}
)
names = []
while True:
    try:
        names.append(books.next()["name"])
    except StopIteration:
        break
say("list", ok=True, names=names)

response = shop.PUT("books", book.get("uuid"), {"title": "Dune Messiah"}, auth=tom)
read = shop.GET("books", "dune", auth=tom)
say("update", ok=response.ok and read.ok, title=read.first().get("title"))

response = shop.DELETE("books", book.get("uuid"), auth=tom)
say("delete", ok=response.ok)
say("read deleted", **told(shop.GET("books", "dune", auth=tom)))

sandbox = client("sandbox")
response = sandbox.POST("books", {"name": "python-header"})
say("sandbox", ok=response.ok, name=response.first().get("name"))

bad = UsergridUserAuth("tom", "")
bad.access_token = tom.access_token[:-4] + "AAAA"
say("bad token", **told(shop.GET("books", "dune", auth=bad)))
say("bad token in sandbox", **told(sandbox.GET("books", "python-header", auth=bad)))
say("no token", **told(shop.GET("books", "dune")))

by_client = client(client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
response = by_client.GET("books", "")
say("client pair", ok=response.ok, entities=len(response.entities))
say("wrong pair", **refused_login(lambda: client(client_id=CLIENT_ID, client_secret="wrong")))

response = shop.PUT("users", f"tom/revoketoken?token={tom.access_token}", {}, auth=tom)
say("revoke", ok=response.ok, action=response.body.get("action"))
say("revoked", **told(shop.GET("books", "dune", auth=tom)))
