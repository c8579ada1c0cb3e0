#!/bin/sh
# Starts Grafana with a password: GRAFANA_PASSWORD, else one that is made now and shown in the log. The user is `admin`.
# Nobody gets in without: the image's own password would be `admin`, and anonymous users stay off.
set -eu
umask 077
if [ -n "${GRAFANA_PASSWORD:-}" ]; then
  printf %s "$GRAFANA_PASSWORD" >/var/lib/grafana/password
else
  od -An -N18 -tx1 /dev/urandom | tr -d ' \n' >/var/lib/grafana/password
  echo "Grafana: user admin, password $(cat /var/lib/grafana/password)"
fi
unset GRAFANA_PASSWORD
export GF_SECURITY_ADMIN_PASSWORD__FILE=/var/lib/grafana/password
exec /run.sh "$@"
