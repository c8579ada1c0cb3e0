#!/bin/bash
# As the official entrypoint: without arguments, or with options only, it starts dockerd; without TLS it listens on port 2375.
set -euo pipefail
if [ $# = 0 ] || [ "${1#-}" != "$1" ]; then
  [ -z "${DOCKER_TLS_CERTDIR-}" ] || { echo "this stand-in knows no TLS: set DOCKER_TLS_CERTDIR to an empty value" >&2; exit 1; }
  set -- dockerd --host=unix:///var/run/docker.sock --host=tcp://0.0.0.0:2375 --tls=false "$@"
fi
if [ "$1" = dockerd ]; then
  rm -f /var/run/docker.pid
  set -- "$@" --init-path=/usr/local/bin/docker-init --userland-proxy-path=/usr/local/bin/docker-proxy
fi
exec "$@"
