#!/usr/bin/env bash
# A Docker Engine for tests, on a Debian machine without one: from Debian's own packages, in a folder of its own.
#
#   ci/engine.sh install   Engine, Compose and Buildx into $ENGINE_HOME/prefix; nothing else of the system changes
#   ci/engine.sh start     starts it (or finds it running) and waits until it answers
#   ci/engine.sh stop      stops it with its containers, and takes its bridges, firewall rules and mounts away
#   ci/engine.sh mirror    prints where this machine gets Debian's packages from
#   eval "$(ci/engine.sh env)"   lets `docker` and the tests of this shell find it
#
# An engine that answers already (DOCKER_HOST or the usual socket) is used as it is: see .ci/run.
set -euo pipefail

ENGINE_HOME=${ENGINE_HOME:-/var/lib/slipway-engine}
PREFIX=$ENGINE_HOME/prefix DATA=$ENGINE_HOME/data RUN=$ENGINE_HOME/run
LEAST=25  # the first Engine that knows start_interval
PATIENCE=120  # seconds for the engine to start or to end; a slow disk at its first start takes most of it

export DOCKER_HOST=unix://$RUN/docker.sock DOCKER_CONFIG=$ENGINE_HOME/client PATH=$PREFIX/bin:/usr/sbin:/sbin:$PATH

say() { echo "engine: $*" >&2; }
fail() { say "$*"; exit 1; }

debian_packages() {  # those of the system itself: firewall rules, and another library path for one program
  local missing=() package
  for package in iptables patchelf; do dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package"); done
  [ ${#missing[@]} = 0 ] && return
  apt-get -o Acquire::Retries=3 update -qq
  DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Debian's stable release has an engine that is too old. A newer suite's programs run here all the same;
# they are fetched through an apt state of their own, so the system keeps its suite.
install_from() {
  local suite=$1 apt_home=$PREFIX/apt root=$PREFIX/root deb program mirror
  mirror=$(mirror) || return 1
  rm -rf "$PREFIX"
  mkdir -p "$apt_home"/{lists/partial,cache/archives/partial,sources,preferences} "$PREFIX"/{debs,root,bin,lib,cli-plugins}
  : >"$apt_home/status"
  printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' "$mirror" "$suite" "$(keyring)" \
    >"$apt_home/sources/$suite.sources"
  local apt=(apt-get -qq -o Dir::State="$apt_home" -o Dir::State::lists="$apt_home/lists" -o Dir::State::status="$apt_home/status"
    -o Dir::Cache="$apt_home/cache" -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$apt_home/sources"
    -o Dir::Etc::preferencesparts="$apt_home/preferences" -o APT::Sandbox::User=root -o Acquire::Retries=3)
  "${apt[@]}" update || return 1
  (cd "$PREFIX/debs" &&
    "${apt[@]}" download docker.io docker-cli containerd runc docker-compose docker-buildx libc6 libseccomp2 &&
    { "${apt[@]}" download tini-static 2>/dev/null || "${apt[@]}" download tini; }) || return 1
  for deb in "$PREFIX"/debs/*.deb; do dpkg -x "$deb" "$root" || return 1; done
  for program in usr/sbin/dockerd usr/bin/docker-proxy usr/sbin/docker-proxy usr/bin/docker usr/bin/containerd \
    usr/bin/containerd-shim-runc-v2 usr/sbin/runc; do
    [ ! -e "$root/$program" ] || install -m755 "$root/$program" "$PREFIX/bin/"
  done
  install -m755 "$root/usr/bin/tini-static" "$PREFIX/bin/docker-init"
  cp -a "$root"/usr/libexec/docker/cli-plugins/. "$PREFIX/cli-plugins/" 2>/dev/null ||
    cp -a "$root"/usr/lib/docker/cli-plugins/. "$PREFIX/cli-plugins/" || return 1
  # runc alone asks for a newer C library than the system has: it gets that one, and the loader that belongs to it
  find "$root" \( -name libc.so.6 -o -name libseccomp.so.2 -o -name 'ld-linux-*.so.*' \) -exec cp -L {} "$PREFIX/lib/" \; 2>/dev/null
  patchelf --set-interpreter "$(echo "$PREFIX"/lib/ld-linux-*)" --set-rpath "$PREFIX/lib" "$PREFIX/bin/runc" || return 1
  for program in dockerd containerd runc docker; do
    "$PREFIX/bin/$program" --version >/dev/null 2>&1 || { say "$program of $suite does not start here"; return 1; }
  done
  rm -rf "$root" "$PREFIX/debs" "$apt_home"
}

# Debian's own packages, not its security updates: from files of either format, and from a list of mirrors, as cloud images have it.
mirror() {
  local found
  found=$({ cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null || true; } |
    sed -nE 's#^(URIs:|deb( \[[^]]*\])?)[[:space:]]+([^[:space:]]+/debian(/|\.list)?)([[:space:]].*)?$#\3#p' | awk 'NR == 1')
  case $found in
    "") fail "no mirror of Debian is named in /etc/apt" ;;
    mirror+file:*) awk 'NF {print $1; exit}' "${found#mirror+file:}" ;;
    *) echo "$found" ;;
  esac
}

keyring() { echo /usr/share/keyrings/debian-archive-keyring.gpg; }

install_engine() {
  [ -e "$PREFIX/complete" ] && return
  debian_packages
  local suite
  for suite in ${ENGINE_SUITES:-sid forky}; do  # older ones have a Compose that cannot tell its progress as JSON
    if install_from "$suite"; then
      mkdir -p "$DOCKER_CONFIG"
      printf '{"cliPluginsExtraDirs": ["%s"]}\n' "$PREFIX/cli-plugins" >"$DOCKER_CONFIG/config.json"
      echo "$suite: $(dockerd --version)" >"$PREFIX/complete"
      say "installed from $(cat "$PREFIX/complete"); $(docker compose version)"
      return
    fi
  done
  fail "no Docker Engine could be installed from Debian's packages"
}

answers() { docker version --format '{{.Server.Version}}' 2>/dev/null; }  # prints the version; fails when none answers

is_ours() { [ "$(readlink "/proc/$1/exe" 2>/dev/null)" = "$PREFIX/bin/dockerd" ]; }

start_engine() {
  install_engine
  local version pid deadline
  if version=$(answers); then say "version $version answers already"; return; fi
  mkdir -p "$DATA" "$RUN"
  if [ -s "$RUN/docker.pid" ] && ! is_ours "$(cat "$RUN/docker.pid")"; then rm -f "$RUN/docker.pid"; fi
  cat >"$RUN/daemon.json" <<JSON
{ "data-root": "$DATA/docker", "exec-root": "$RUN/exec", "pidfile": "$RUN/docker.pid", "hosts": ["$DOCKER_HOST"],
  "init-path": "$PREFIX/bin/docker-init", "userland-proxy-path": "$PREFIX/bin/docker-proxy",
  "log-driver": "json-file", "log-opts": {"max-size": "10m", "max-file": "2"} }
JSON
  setsid nohup dockerd --config-file "$RUN/daemon.json" >"$RUN/dockerd.log" 2>&1 </dev/null &
  pid=$!
  deadline=$((SECONDS + PATIENCE))
  while [ $SECONDS -lt $deadline ]; do
    if version=$(answers); then
      [ "${version%%.*}" -ge $LEAST ] || fail "version $version is too old: the lab's healthchecks need $LEAST"
      say "version $version is up"
      return
    fi
    kill -0 $pid 2>/dev/null || { tail -20 "$RUN/dockerd.log" >&2; fail "dockerd ended during its start"; }
    sleep 0.1
  done
  tail -20 "$RUN/dockerd.log" >&2
  fail "dockerd did not answer within $PATIENCE s"
}

stop_engine() {
  local pid deadline=$((SECONDS + PATIENCE))
  pid=$(cat "$RUN/docker.pid" 2>/dev/null || true)
  if [ -n "$pid" ] && is_ours "$pid"; then
    kill -TERM "$pid"
    while kill -0 "$pid" 2>/dev/null && [ $SECONDS -lt $deadline ]; do sleep 0.1; done
    if kill -0 "$pid" 2>/dev/null; then kill -KILL "$pid"; say "dockerd $pid had to be killed"; fi
    say "stopped"
  fi
  clean_up
}

# What dockerd leaves behind: mounts, bridges and firewall rules, all known by its own names.
# Most tables hold none of them, and a search without a result must not end this script: what follows is to be taken away, too.
clean_up() {
  set +e
  local mounted bridge tool table rule chain program
  for mounted in "$RUN/exec/netns/default" "$DATA/docker"; do
    mountpoint -q "$mounted" 2>/dev/null && umount -q "$mounted"
  done
  for program in /proc/[0-9]*/exe; do
    case $(readlink "$program" 2>/dev/null) in
      */dockerd) say "another engine runs here, so bridges and firewall rules stay: they may be its own"; return 0 ;;
    esac
  done
  command -v ip >/dev/null && for bridge in $(ip -br link show type bridge | awk '$1 ~ /^(docker0|docker_gwbridge|br-[0-9a-f]{12})$/ {print $1}'); do
    ip link del "$bridge"
  done
  for tool in iptables ip6tables; do
    command -v $tool >/dev/null || continue
    for table in nat filter raw; do
      $tool -t $table -S 2>/dev/null | grep -E '^-A .*(DOCKER|docker|br-[0-9a-f]{12})' | sed 's/^-A/-D/' |
        while read -r rule; do eval "$tool -t $table $rule" 2>/dev/null; done
      for chain in $($tool -t $table -S 2>/dev/null | awk '/^-N DOCKER/{print $2}'); do $tool -t $table -F "$chain"; done
      for chain in $($tool -t $table -S 2>/dev/null | awk '/^-N DOCKER/{print $2}'); do $tool -t $table -X "$chain"; done
    done
    $tool -P FORWARD ACCEPT 2>/dev/null
  done
  return 0
}

case ${1:-} in
  install) install_engine ;;
  start) start_engine ;;
  stop) stop_engine ;;
  mirror) mirror ;;
  env) printf 'export ENGINE_HOME=%q DOCKER_HOST=%q DOCKER_CONFIG=%q PATH=%q:"$PATH"\n' "$ENGINE_HOME" "$DOCKER_HOST" "$DOCKER_CONFIG" "$PREFIX/bin" ;;
  *) sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
