#!/usr/bin/env bash
# fuzz_for.sh TARGET SECONDS CORPUS: builds one libFuzzer target under address and undefined
# sanitizers and lets it run. What it finds that crashes stays in build/fuzz/found. Without clang it
# ends with 77: skipped.
set -euo pipefail
target=$1 seconds=$2 corpus=$3
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
build=$root/build/fuzz
command -v clang++ >/dev/null || exit 77

mkdir -p "$build/found"
(
  flock 9
  cd "$root"
  [ -f "$build/build.ninja" ] || cmake --preset fuzz >/dev/null
  cmake --build "$build" --target "$target"
) 9>"$build/.lock"

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
# An error of libFuzzer's would be 77 as well.
"$build/bin/$target" -error_exitcode=1 -max_total_time="$seconds" -timeout=30 -rss_limit_mb=3000 \
  -print_final_stats=1 -artifact_prefix="$build/found/$target-" "$fresh" "$corpus"
