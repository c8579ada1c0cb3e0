#!/bin/sh
# Copies images that lessons need from your machine's engine into the sandbox: only those that the sandbox does not have,
# in one go, so that layers which several of them share are copied once.
set -eu

machine() { docker --host unix:///var/run/docker.sock "$@"; }
sandbox() { docker --host tcp://127.0.0.1:2375 "$@"; }

wanted=
for image in $IMAGES; do
  if sandbox image inspect "$image" >/dev/null 2>&1; then
    echo "handover: $image is there"
  # the builder keeps base images without their names: fetching one then costs little
  elif machine image inspect "$image" >/dev/null 2>&1 || machine pull --quiet "$image" >/dev/null 2>&1; then
    wanted="$wanted $image"
  else
    # no error: the lab works, and the lesson that needs it says so
    echo "handover: $image is not on this machine and cannot be fetched; lessons that use it will say so" >&2
  fi
done

[ -n "$wanted" ] || exit 0
echo "handover: copying$wanted"
# shellcheck disable=SC2086  # several names
machine save $wanted | sandbox load --quiet
for image in $wanted; do sandbox image inspect --format '{{index .RepoTags 0}} is copied' "$image"; done
