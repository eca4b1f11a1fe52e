#!/usr/bin/env bash
# ./dev test: every part, each counted; the last line is "N passed, N failed, N skipped".
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/steps.sh

PASSED=0 FAILED=0 SKIPPED=0
START=$(date +%s)

add() { PASSED=$((PASSED + $1)) FAILED=$((FAILED + $2)) SKIPPED=$((SKIPPED + $3)); }

# must WHAT COMMAND…: a step that counts as one test.
must() {
  if step "$@"; then add 1 0 0; return 0; fi
  add 0 1 0
  return 1
}

# counted WHAT COMMAND…: a step whose output ends with "N passed, N failed[, N skipped]".
counted() {
  local status=0 log line
  step "$@" || status=1
  log="$LOGS/$(printf '%s' "$1" | tr -c 'A-Za-z0-9._-' '_').log"
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$log" | tail -n 1)
  if [ -z "$line" ]; then add 0 1 0; echo "    no closing count: counted as one failure"; return; fi
  set -- $(echo "$line" | tr -dc '0-9 ')
  if [ "$status" != 0 ] && [ "$2" = 0 ]; then add "$1" 1 "${3:-0}"; else add "$1" "$2" "${3:-0}"; fi
  echo "    $line"
}

configure_and_build() {  # preset [target…]
  local preset=$1; shift
  must "configure $preset" cmake --preset "$preset" -Wno-dev || return 1
  must "build $preset" cmake --build --preset "$preset" ${@:+--target "$@"}
}

lint() { must "lint" python3 scripts/lint.py; }
# Every unit, conformance and fuzz test, once, under ASan and UBSan: a second build without them would find nothing more.
unit() { configure_and_build asan-ubsan && counted "unit tests (asan-ubsan)" scripts/unit_tests.py build/asan-ubsan; }
tsan() { configure_and_build tsan base_test net_test kube_test app_test && counted "unit tests (tsan)" scripts/unit_tests.py build/tsan '^(base|net|kube|app)$'; }
release() { configure_and_build release && mkdir -p build/bin && cp -f build/release/bin/* build/bin/; }
cluster() { must "Kubernetes binaries" tests/cluster/build && counted "cluster self-test" tests/cluster/selftest; }
scheduler() { counted "check and the scheduler agree" tests/scheduler/run; }
agreement() { counted "check and the webhook agree" tests/agreement/run; }
e2e() { counted "end-to-end tests" tests/e2e/run; }

PARTS=("$@")
[ ${#PARTS[@]} -gt 0 ] || PARTS=(lint unit tsan release cluster scheduler agreement e2e)
case " ${PARTS[*]} " in *" cluster "* | *" scheduler "* | *" agreement "* | *" e2e "*) kubernetes_ahead ;; esac
for part in "${PARTS[@]}"; do
  case "$part" in
    lint | unit | tsan | release | cluster | scheduler | agreement | e2e) "$part" ;;
    *) echo "test: there is no part '$part' (lint unit tsan release cluster scheduler agreement e2e)" >&2; exit 2 ;;
  esac
done
echo "all in $(($(date +%s) - START)) s"
echo "$PASSED passed, $FAILED failed, $SKIPPED skipped"
[ "$FAILED" = 0 ] && [ "$PASSED" -gt 0 ]
