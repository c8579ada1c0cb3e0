#!/bin/sh
# Starts Redis with a password: REDIS_PASSWORD, else one that is made at the first start and kept beside the data.
set -eu

# The API and its workers read it there: nothing else has this volume. On a command line every user would see it.
umask 022
if [ -n "${REDIS_PASSWORD:-}" ]; then
  printf %s "$REDIS_PASSWORD" >/data/password
elif [ ! -s /data/password ]; then
  od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >/data/password
fi
umask 077

# noeviction: full means an error; any other policy may drop tasks that wait. "-" reads the rest from standard input.
exec docker-entrypoint.sh redis-server - --appendonly yes --save '' --maxmemory 256mb --maxmemory-policy noeviction <<END
requirepass "$(sed 's/[\\"]/\\&/g' /data/password)"
END
