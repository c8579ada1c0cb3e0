#!/bin/sh
# Before the API and its workers: when the project has a Redis (profile production), they get its address, with the password that it keeps.
set -eu

if [ -z "${REDIS_URL:-}" ] && [ -s /run/redis/password ] && getent hosts redis >/dev/null; then
  REDIS_URL=redis://:$(python -c 'import sys, urllib.parse; print(urllib.parse.quote(sys.stdin.read(), safe=""))' </run/redis/password)@redis:6379
  # the proxy then stands in front of the API: whose rate limit counts is told by its X-Forwarded-For
  FORWARDED_ALLOW_IPS=${FORWARDED_ALLOW_IPS:-*}
  export REDIS_URL FORWARDED_ALLOW_IPS
fi
exec "$@"
