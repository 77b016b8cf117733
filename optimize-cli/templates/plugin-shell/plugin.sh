#!/bin/sh
# A plugin of optimize: `optimize {{name}} COLLECTION` counts the reports in a collection.
set -eu

case "${1-}" in
--optimize-plugin-manifest)
    # Asked with an empty environment; the answer must come within two seconds.
    echo '{"optimize_plugin":1,"name":"{{name}}","version":"0.1.0","about":"Count the reports in a collection","host":">={{host}}","needs":["request"],"commands":[]}'
    exit 0
    ;;
'' | -h | --help)
    echo "usage: optimize {{name}} COLLECTION" >&2
    exit 2
    ;;
esac

# The host adds the credential, renews it, and tries again where that is harmless. No token is seen here.
reports=$("${OPTIMIZE_CLI:?run it by: optimize {{name}}}" api GET "/api/public/report?collectionId=$1")
printf '%s' "$reports" | tr ',' '\n' | grep -c '"id"' || true
