"""django-oauth-toolkit on loopback, for the lab tests: opaque tokens, hashed secrets.

    python server.py DIRECTORY PORT

DIRECTORY holds secrets.json. A client is named for its secret, and may prove itself by form or by Basic.
"""
import json
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings

directory, port = sys.argv[1:]
settings.configure(
    SECRET_KEY="lab",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "oauth2_provider"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{directory}/lab.sqlite3"}},
    OAUTH2_PROVIDER={"SCOPES": {"optimize": "Optimize"}, "ACCESS_TOKEN_EXPIRE_SECONDS": 300},
    USE_TZ=True,
)
django.setup()

from django.core.management import call_command  # noqa: E402
from django.urls import include, path  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from oauth2_provider.models import Application  # noqa: E402

urlpatterns = [path("o/", include("oauth2_provider.urls", namespace="oauth2_provider"))]
call_command("migrate", verbosity=0)
for name, secret in json.load(open(f"{directory}/secrets.json")).items():
    Application.objects.update_or_create(
        client_id=f"lab-{name}",
        defaults={
            "client_secret": secret,
            "client_type": Application.CLIENT_CONFIDENTIAL,
            "authorization_grant_type": Application.GRANT_CLIENT_CREDENTIALS,
        },
    )


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


make_server("127.0.0.1", int(port), get_wsgi_application(), Server, WSGIRequestHandler).serve_forever()
