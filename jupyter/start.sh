#!/bin/sh
# Starts JupyterLab in its container. Without JUPYTER_TOKEN it makes a token, keeps it in the volume and prints the address once.
set -eu

# A volume keeps its owner: after a change of LAB_UID, what the user before has saved cannot be read or written any more.
if foreign=$(find "$LAB_HOME" -mindepth 1 -maxdepth 1 ! -user "$(id -u)" ! -perm -o=w | head -n 1) && [ -n "$foreign" ]; then
  echo "state: $foreign belongs to user $(stat -c %u "$foreign"), and JupyterLab runs as user $(id -u) (LAB_UID)." >&2
  echo "hint: set LAB_UID back, or hand the state over: docker compose run --rm --no-deps --user 0 --cap-add CHOWN" \
    "--cap-add DAC_OVERRIDE jupyter chown -R $(id -u):$(id -g) $LAB_HOME" >&2
  exit 1
fi

if [ -z "${JUPYTER_TOKEN:-}" ]; then
  file=$LAB_HOME/jupyter_token
  # kept: tabs that are open stay logged in when the container is made anew; readable by its owner only
  [ -s "$file" ] || (umask 077 && python -c 'import secrets; print(secrets.token_hex(24))' >"$file")
  JUPYTER_TOKEN=$(cat "$file")
  export JUPYTER_TOKEN
  echo "JupyterLab: http://127.0.0.1:${JUPYTER_PORT:-8888}/lab?token=$JUPYTER_TOKEN"
fi

if [ ! -w notebooks ]; then
  owner=$(stat -c 'LAB_UID=%u LAB_GID=%g' notebooks)
  echo "notebooks: user $(id -u) may read them and cannot save them." >&2
  echo "hint: \`lab up\` takes the right user by itself; or write into .env: $owner" >&2
fi

# All addresses of the container: compose.yaml publishes the port on 127.0.0.1 of your machine only.
exec jupyter lab --config=/opt/slipway/jupyter/jupyter_server_config.py --ip=0.0.0.0 --port=8888
