#!/bin/sh
# Serves an embedded store and tests it with other MongoDB clients: pymongo and Node's mongodb.
set -eu
cd "$(dirname "$0")/../.."
PYTHON=${PYTHON:-/usr/bin/python3}

if ! "$PYTHON" -c 'import pymongo' 2>/dev/null || ! [ -d /usr/share/nodejs/mongodb ]; then
  echo "installing Debian's python3-pymongo and node-mongodb (needs root)"
  apt-get update -qq && apt-get install -y -qq python3-pymongo node-mongodb
fi

dir=$(mktemp -d)
FIVECHAT_STORE_PASSWORD=$(head -c 18 /dev/urandom | od -An -tx1 | tr -d " \n")
export FIVECHAT_STORE_PASSWORD
bin/fivechat store serve --listen 127.0.0.1:0 --data "$dir/store" >"$dir/uri" &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server || true; rm -rf "$dir"' EXIT
until [ -s "$dir/uri" ]; do kill -0 $server; sleep 0.1; done
uri=$(head -1 "$dir/uri" | sed "s#mongodb://#mongodb://fivechat:$FIVECHAT_STORE_PASSWORD@#")

code=0
"$PYTHON" tests/conformance/client.py "$uri" || code=1
NODE_PATH=/usr/share/nodejs node tests/conformance/client.js "$uri" || code=1

kill $server
wait $server
checked=$(bin/fivechat store check "$dir/store") || code=1
echo "$checked"
# client.py keeps documents in the store: each of its indexes must have entries.
echo "$checked" | grep -Eq '^1 collections, 429 documents, 3 indexes with [1-9][0-9]+ entries$' || { echo "the check did not find the kept documents"; code=1; }
exit $code
