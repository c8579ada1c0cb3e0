#!/bin/sh
# Before the API and its workers: when the project has a Redis (profile production), they get its address, with the password that it keeps.
set -eu

if [ -z "${REDIS_URL:-}" ] && [ -s /run/redis/password ] && getent hosts redis >/dev/null; then
  REDIS_URL=redis://:$(python -c 'import sys, urllib.parse; print(urllib.parse.quote(sys.stdin.read(), safe=""))' </run/redis/password)@redis:6379
  export REDIS_URL
  # FORWARDED_ALLOW_IPS stays unset: the API has a port beside the proxy's, so whoever calls that one could choose, with a header of
  # their own, whose rate limit counts. Nothing is lost: behind ports of 127.0.0.1 the proxy sees Docker's own address for everybody.
fi
exec "$@"
