#!/usr/bin/env bash
# Base images under their official names, made from Debian's and Python's packages, for machines that reach no image registry.
#
# Every Dockerfile and compose.yaml then works unchanged: a build takes a local image of the right name and asks nobody.
# Each stand-in carries the label slipway.stand-in; an image without it is a real one and stays as it is.
# Never push these images: they hold this machine's certificates.
set -euo pipefail
cd "$(dirname "$0")/stand-ins"
ROOT=$(cd ../.. && pwd)
ENGINE_HOME=${ENGINE_HOME:-/var/lib/slipway-engine}
BASE=$ENGINE_HOME/base
LABEL=slipway.stand-in

say() { echo "stand-ins: $*" >&2; }

is_real() {
  docker image inspect "$1" >/dev/null 2>&1 &&
    [ "$(docker image inspect --format "{{index .Config.Labels \"$LABEL\"}}" "$1")" != true ]
}

# name, then what `docker build` needs; without changes the cache answers in a fraction of a second
build() {
  local name=$1 started=$SECONDS
  shift
  if is_real "$name"; then say "$name is a real image"; return; fi
  docker build --quiet --label $LABEL=true --tag "$name" "$@" >/dev/null
  say "$name ($((SECONDS - started)) s)"
}

debian() {
  if docker image inspect debian:trixie-slim >/dev/null 2>&1; then return; fi
  local started=$SECONDS key=/usr/share/keyrings/debian-archive-keyring.gpg mirror
  command -v mmdebstrap >/dev/null || {
    apt-get -o Acquire::Retries=3 update -qq
    DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 install -y -qq --no-install-recommends mmdebstrap >/dev/null
  }
  mkdir -p "$BASE"
  rm -rf "$BASE/certificates"
  python3 extra_certificates.py "$BASE/certificates"
  mirror=$(../engine.sh mirror)
  # without documentation, as the official image; without apt's caches, which would be in every image built on it
  mmdebstrap --quiet --mode=root --variant=minbase --format=tar --keyring="$key" \
    --aptopt='Dir::Cache::pkgcache ""' --aptopt='Dir::Cache::srcpkgcache ""' --aptopt='Acquire::GzipIndexes "true"' \
    --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' --dpkgopt='force-unsafe-io' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-include=/usr/share/doc/*/copyright' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/info/*' --dpkgopt='path-exclude=/usr/share/lintian/*' \
    --customize-hook="mkdir -p \$1/usr/local/share/ca-certificates \$1/etc/ssl/certs" \
    --customize-hook="find $BASE/certificates -name '*.crt' -exec cp {} \$1/usr/local/share/ca-certificates/ ';'" \
    --customize-hook="cp -L /etc/ssl/certs/ca-certificates.crt \$1/etc/ssl/certs/ca-certificates.crt" \
    --customize-hook="printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\ndisable-pip-version-check = true\n' >\$1/etc/pip.conf" \
    --customize-hook="rm -f \$1/etc/resolv.conf \$1/etc/hostname" \
    trixie "$BASE/debian.tar" "deb [signed-by=$key] $mirror trixie main"
  docker import --change 'CMD ["bash"]' --change "LABEL $LABEL=true" "$BASE/debian.tar" debian:trixie-slim >/dev/null
  rm -f "$BASE/debian.tar"
  say "debian:trixie-slim ($((SECONDS - started)) s)"
}

../engine.sh install  # Docker's own images take their programs from there, also where another engine answers
debian
build python:3.13-slim python
build chromadb/chroma:1.5.9 --build-arg VERSION=1.5.9 chroma & chroma=$!
build redis:8.2.1 redis & redis=$!
build prom/prometheus:v3.5.3 prometheus & prometheus=$!
build ollama/ollama:0.33.3 --file ollama/Dockerfile "$ROOT" & ollama=$!
build docker:28.5.2-cli --target cli --build-arg "PREFIX=$ENGINE_HOME/prefix" --build-context "engine=$ENGINE_HOME/prefix" docker
build docker:28.5.2-dind --target dind --build-arg "PREFIX=$ENGINE_HOME/prefix" --build-context "engine=$ENGINE_HOME/prefix" docker
wait $chroma
wait $redis
wait $prometheus
wait $ollama
