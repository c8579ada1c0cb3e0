#!/bin/sh
# Pulls a model, and refuses it when it is not the expected one.
# Example: pull-model.sh MODEL [DIGEST]
#
# Why a digest: a tag such as smollm2:135m is a name that its owner can give to other weights tomorrow.
set -eu

model=$1 digest=${2:-}
manifests=${OLLAMA_MODELS:-$HOME/.ollama/models}/manifests

ollama pull "$model"

# Why the manifest: a model's digest is the SHA-256 of this small file,
# which in turn names each layer by its SHA-256.
if [ -n "$digest" ] && ! find "$manifests" -type f -exec sha256sum {} + | grep -q "^$digest "; then
  echo "pull-model.sh: $model has changed. Expected the digest $digest, got:" >&2
  find "$manifests" -type f -exec sha256sum {} + >&2
  exit 1
fi
