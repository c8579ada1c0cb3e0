#!/bin/sh
# Runs one command while an Ollama server answers, then stops the server: with-server.sh ollama pull smollm2:135m
#
# Why this script: `ollama pull` and `ollama create` only talk to a server, no server runs during a build,
# and a server started in one RUN line has ended before the next one begins.
set -eu

log=/tmp/ollama-serve.log
ollama serve >"$log" 2>&1 &
server=$!

# Why a question and no `sleep 5`: on a slow machine five seconds are too few, on a fast one they are lost.
tries=0
until ollama list >/dev/null 2>&1; do
  tries=$((tries + 1))
  # Why both: a server that ended will never answer, and one that hangs must not stop the build for ever.
  if [ "$tries" -ge 120 ] || ! kill -0 "$server" 2>/dev/null; then
    cat "$log" >&2
    echo "with-server.sh: the server did not answer" >&2
    exit 1
  fi
  sleep 0.5
done

# Why not let `set -e` act here: the server must be stopped also after a failure, and the failure must still fail the build.
status=0
"$@" || status=$?
kill "$server"
wait "$server" || true
rm -f "$log"
exit "$status"
