#!/bin/sh
# Starts the sandbox's engine, with name servers that its containers can reach.
#
# In a container, /etc/resolv.conf names Docker's own server at 127.0.0.11, which containers inside this one cannot reach. An engine
# then takes public ones, and in a network that lets only its own through, no build inside the sandbox would find anything.
# Docker leaves the real servers in a comment: # ExtServers: [10.0.0.2 host(192.168.1.1)]
set -eu

servers=$(sed -n 's/^# ExtServers: \[\(.*\)\]$/\1/p' /etc/resolv.conf | sed 's/host(\([^)]*\))/\1/g')
for server in $servers; do
  case $server in
    127.* | *:*) ;;  # this machine's own, reachable from itself only; or IPv6, which the sandbox's containers do not have
    *) set -- "$@" "--dns=$server" ;;
  esac
done

# Networks of lessons stay in the sandbox when the lab goes down. When it comes up again, your engine may give the lab's own network
# the same addresses, and JupyterLab, which shares its interfaces with the sandbox, could not be reached. So: a range of its own.
set -- "$@" --default-address-pool=base=10.213.0.0/16,size=24

# 127.0.0.1: of JupyterLab's network, in which this container is
exec dockerd-entrypoint.sh dockerd --host=unix:///var/run/docker.sock --host=tcp://127.0.0.1:2375 --tls=false "$@"
