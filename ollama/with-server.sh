#!/bin/sh
# Runs one command while an Ollama server answers, then stops the server.
# Example: with-server.sh ollama pull smollm2:135m
#
# Why this script: `ollama pull` and `ollama create` only talk to a server, no server runs
# during a build, and a server started in one RUN line has ended before the next one begins.
set -eu

log=/tmp/ollama-serve.log
ollama serve >"$log" 2>&1 &
server=$!

# Why a question and no `sleep 5`: that is too short on a slow machine, and lost on a fast one.
tries=0
until ollama list >/dev/null 2>&1; do
  tries=$((tries + 1))
  # Why both: a server that ended never answers, and one that hangs must not hold the build.
  if [ "$tries" -ge 120 ] || ! kill -0 "$server" 2>/dev/null; then
    cat "$log" >&2
    echo "with-server.sh: the server did not answer" >&2
    exit 1
  fi
  sleep 0.5
done

# Why not `set -e` here: a failure must stop the server as well, and still fail the build.
status=0
"$@" || status=$?
kill "$server"
wait "$server" || true
rm -f "$log"
exit "$status"
