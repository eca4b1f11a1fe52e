# Sourced by dev and scripts/test.sh: steps that say what they do and how long it took, and package installation.

LOGS=build/logs
mkdir -p "$LOGS"

# step WHAT COMMAND…: runs it with its output in a log; the line says how long it took. On a failure the end of the log is
# printed. On a terminal, or with VERBOSE=1, the output is shown as it comes.
step() {
  local what=$1 log start status=0
  shift
  log="$LOGS/$(printf '%s' "$what" | tr -c 'A-Za-z0-9._-' '_').log"
  start=$(date +%s)
  printf '==> %s\n' "$what"
  if [ -t 1 ] || [ "${VERBOSE:-}" = 1 ]; then
    "$@" 2>&1 | tee "$log" || status=$?
  else
    "$@" >"$log" 2>&1 || status=$?
  fi
  printf '    %s: %s in %s s\n' "$what" "$([ "$status" = 0 ] && echo done || echo "FAILED (exit $status, log $log)")" "$(($(date +%s) - start))"
  if [ "$status" != 0 ] && [ ! -t 1 ] && [ "${VERBOSE:-}" != 1 ]; then tail -n "${TAIL:-60}" "$log"; fi
  return "$status"
}

# install_packages FILE…: the Debian packages listed there ('#' begins a comment) that are missing, by apt-get.
install_packages() {
  local wanted missing
  wanted=$(cat "$@" 2>/dev/null | sed 's/#.*//' | tr -s ' \n' '\n' | sort -u | grep -v '^$')
  missing=$(comm -23 <(printf '%s\n' "$wanted") <(dpkg-query -W -f '${db:Status-Abbrev} ${binary:Package}\n' 2>/dev/null |
    awk '$1 ~ /^.i/ {sub(/:.*/, "", $2); print $2}' | sort -u))
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" != 0 ]; then
    echo "missing Debian packages: $(echo $missing)" >&2
    echo "run once as root: apt-get install $(echo $missing)" >&2
    return 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  step "apt-get update" apt-get update -q
  step "install $(echo "$missing" | wc -l) packages" apt-get install -y -q --no-install-recommends $missing
}

# kubernetes_ahead: begins to build the Kubernetes binaries, where they are not there yet, beside the steps that follow: compilers
# wait for downloads and linkers for one core. The step that needs them calls tests/cluster/build, which waits for this one.
kubernetes_ahead() {
  tests/cluster/build >"$LOGS/Kubernetes_binaries_ahead.log" 2>&1 &
  KUBERNETES_AHEAD=$!
  trap 'kill "$KUBERNETES_AHEAD" 2>/dev/null || true' EXIT
}
