#include "dm/desired/start_script.h"

#include <initializer_list>
#include <utility>

#include "base/strings.h"

namespace dm::desired {
namespace {

// Both scripts begin so. The annotations are looked at, never sourced: their values are not ours.
constexpr const char* kHead = R"sh(#!/bin/sh
# Starts @TITLE@. Written by dm-operator; a change takes effect when the pod restarts.
set -uf   # no globs: what is read is not ours to expand

root=@ROOT@
data="$root"@DATA@
pod="${POD_NAME:-${HOSTNAME:-$(hostname)}}"
host="$pod"@SUFFIX@

say() {
  echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) start: $*"
}

trap 'exit 0' TERM INT

if grep -q '^runmode="debug"$' "$root/etc/podinfo/annotations" 2>/dev/null; then
  say "annotation runmode=debug: @TITLE@ is not started"
  while :; do sleep 1; done
fi

if ! mkdir -p "$data"; then
  say "cannot create $data as user $(id -u): is the volume writable?"
  exit 1
fi
)sh";

constexpr const char* kMaster = R"sh(
lines="$root/etc/dm-bootstrap"

# Reads what the operator says of this pod: mode and value, and the ids of removed members of this name.
read_lines() {
  mode='' value='' removed=''
  if [ -r "$lines/$pod" ]; then
    while read -r word first rest || [ -n "$word" ]; do
      case "$word" in
        bootstrap | join) mode="$word" value="$first" ;;
      esac
    done < "$lines/$pod"
  fi
  if [ -r "$lines/removed-$pod" ]; then removed="$(cat "$lines/removed-$pod")"; fi
}

# Moves the data of a removed member aside, once for each id: what lies there later is a new member's.
put_aside() {
  for id in $removed; do
    case "$id" in *[!0-9A-Za-z-]*) continue ;; esac
    if grep -qx -e "$id" "$data/removed-ids" 2>/dev/null; then continue; fi
    aside="$data/removed-$id"
    if [ ! -d "$aside/member" ] && [ -d "$data/member" ]; then
      say "member $id was removed from the cluster: its data goes to $aside"
      mkdir -p "$aside" || exit 1
      if [ -e "$data/join" ]; then mv "$data/join" "$aside/join" || exit 1; fi
      mv "$data/member" "$aside/member" || exit 1
    fi
    echo "$id" >> "$data/removed-ids" || exit 1
  done
}

# The own name must resolve before peers are told of it; after that long DM may try and say itself what is wrong.
resolves() {
  if command -v getent > /dev/null 2>&1; then
    getent hosts "$host" > /dev/null 2>&1
    return
  fi
  # busybox's nslookup does not try the search domains by itself.
  for suffix in '' $(sed -n 's/^search//p' /etc/resolv.conf 2>/dev/null); do
    if nslookup "$host${suffix:+.$suffix}" > /dev/null 2>&1; then return 0; fi
  done
  return 1
}
wait_for_name() {
  if ! command -v getent > /dev/null 2>&1 && ! command -v nslookup > /dev/null 2>&1; then return 0; fi
  end=$(($(date +%s) + @DNS@))
  while [ "$(date +%s)" -lt "$end" ]; do
    if resolves; then return 0; fi
    sleep 1
  done
}

read_lines
put_aside
if [ -d "$data/member/wal" ]; then
  say "restarting on the data in $data"
  mode=restart
else
  waited=0
  while [ -z "$mode" ]; do
    if [ $((waited % 30)) -eq 0 ]; then
      say "no data in $data: waiting for a line in $lines/$pod (waited ${waited}s)"
    fi
    sleep 1
    waited=$((waited + 1))
    read_lines
    put_aside
  done
  say "told to $mode: $value"
fi
wait_for_name

set -- --name="$pod" --data-dir="$data" --config="$root/etc/dm-master/dm-master.toml" \
  --master-addr=@LISTEN@:8261 --advertise-addr="$host:8261" \
  --peer-urls=@SCHEME@://@LISTEN@:8291 --advertise-peer-urls="@SCHEME@://$host:8291" --openapi=true@TLS@
case "$mode" in
  bootstrap) set -- "$@" --initial-cluster="$value" ;;
  join) set -- "$@" --join="$value" ;;
esac
say "$*"
exec @BINARY@ "$@"
)sh";

constexpr const char* kWorker = R"sh(
# DM puts ./dumped_data.<task> where it is started: on the volume, in a directory below the mount point.
dump="$root"@DUMP@
for dir in "$dump"@RELAY@; do
  mkdir -p "$dir" || exit 1
done
cd "$dump" || exit 1

set -- --name="$pod" --config="$root/etc/dm-worker/dm-worker.toml" --worker-addr=@LISTEN@:8262 \
  --advertise-addr="$host:8262" --join=@JOIN@@TLS@
say "$*"
exec @BINARY@ "$@"
)sh";

// One word of the shell, whatever is in it.
std::string Quote(const std::string& text) {
  return "'" + base::ReplaceAll(text, "'", "'\\''") + "'";
}

std::string Fill(std::string text, std::initializer_list<std::pair<const char*, std::string>> values) {
  for (const auto& [mark, value] : values) text = base::ReplaceAll(std::move(text), mark, value);
  return text;
}

std::string TlsFlags(const StartScript& script, const std::string& title) {
  if (!script.tls) return "";
  const std::string dir = Quote(script.root + "/var/lib/" + title + "-tls");
  return " \\\n  --ssl-ca=" + dir + "/ca.crt --ssl-cert=" + dir + "/tls.crt --ssl-key=" + dir + "/tls.key";
}

std::string Script(const StartScript& script, const char* body, const std::string& title) {
  return Fill(std::string(kHead) + body,
              {{"@TITLE@", title},
               {"@ROOT@", Quote(script.root)},
               {"@DATA@", Quote(script.data_dir)},
               {"@SUFFIX@", Quote(script.host_suffix)},
               {"@DNS@", std::to_string(script.dns_seconds)},
               {"@LISTEN@", Quote(script.listen)},
               {"@SCHEME@", script.tls ? "https" : "http"},
               {"@TLS@", TlsFlags(script, title)},
               {"@DUMP@", Quote(script.dump_dir)},
               {"@RELAY@", script.relay_dir.empty() ? "" : " \"$root\"" + Quote(script.relay_dir)},
               {"@JOIN@", Quote(script.join)},
               {"@BINARY@", Quote(script.binary.empty() ? "/" + title : script.binary)}});
}

}  // namespace

std::string MasterStartScript(const StartScript& script) {
  return Script(script, kMaster, "dm-master");
}

std::string WorkerStartScript(const StartScript& script) {
  return Script(script, kWorker, "dm-worker");
}

}  // namespace dm::desired
