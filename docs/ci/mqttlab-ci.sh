#!/usr/bin/env bash
# What a pipeline runs: scenarios, conformance, and the comparison with what is released.
#
# It is told by variables, so that every CI system can call it alike:
#   MQTTLAB_SCENARIOS     files or names of the library, separated by blanks; patterns are expanded
#   MQTTLAB_BROKER        what is tested: an adapter file, or the name of a broker; else mqttlab's own
#   MQTTLAB_BASE          what it is compared with: likewise, or a folder with results; else nothing
#   MQTTLAB_SEEDS         runs of each scenario; from 5 on figures are compared too (5)
#   MQTTLAB_CONFORM       arguments of `mqttlab conform`, as a line; else no conformance
#   MQTTLAB_RESULTS       where everything goes (mqttlab-results)
#   MQTTLAB               the program (mqttlab)
#
# With a base, a promise that the base breaks as often does not fail the pipeline.
#
# Exit code: the gravest of those of mqttlab: 0 all held, 1 a promise broken or worse than the base,
# 2 usage, 3 no broker, 4 nothing measured, 5 a fault of mqttlab.
set -euo pipefail

mqttlab=${MQTTLAB:-mqttlab}
results=${MQTTLAB_RESULTS:-mqttlab-results}
seeds=${MQTTLAB_SEEDS:-5}
# The patterns are meant to be expanded here.
# shellcheck disable=SC2206
scenarios=(${MQTTLAB_SCENARIOS:-})
worst=0

# A fault is graver than a verdict, and a verdict than "nothing measured".
note() {
  local order=(0 4 1 2 3 5) code=$1 rank_new=6 rank_old=0 i
  for i in "${!order[@]}"; do
    [ "${order[$i]}" = "$code" ] && rank_new=$i
    [ "${order[$i]}" = "$worst" ] && rank_old=$i
  done
  [ "$rank_new" -le "$rank_old" ] || worst=$code
}

# In GitHub Actions the output of a step can be folded.
group() { [ -z "${GITHUB_ACTIONS:-}" ] || echo "::group::$*"; echo "== $*"; }
end_group() { [ -z "${GITHUB_ACTIONS:-}" ] || echo "::endgroup::"; }

# play SIDE BROKER: the scenarios, each into a folder of its own below $results/SIDE.
play() {
  local scenario code
  for scenario in "${scenarios[@]}"; do
    code=0
    "$mqttlab" run "$scenario" --seeds "$seeds" --trace failures ${2:+--broker "$2"} \
      -o "$results/$1/$(basename "$scenario" .yaml)" || code=$?
    # With a base, the comparison decides what a broken promise means: the base may break it too.
    if [ -z "${MQTTLAB_BASE:-}" ] || [ "$code" -ne 1 ]; then note "$code"; fi
  done
}

mkdir -p "$results"
if [ "${#scenarios[@]}" -eq 0 ] && [ -z "${MQTTLAB_CONFORM:-}" ]; then
  echo "mqttlab-ci: nothing to do: neither MQTTLAB_SCENARIOS nor MQTTLAB_CONFORM says what" >&2
  note 4
fi
if [ "${#scenarios[@]}" -gt 0 ]; then
  group "Are the scenarios valid?"
  code=0
  "$mqttlab" check "${scenarios[@]}" || code=$?
  note "$code"
  end_group
  [ "$code" -eq 0 ] || scenarios=()
fi
if [ "${#scenarios[@]}" -gt 0 ]; then
  group "Scenarios"
  play new "${MQTTLAB_BROKER:-}"
  end_group
fi
if [ -n "${MQTTLAB_CONFORM:-}" ]; then
  group "Conformance"
  code=0
  read -ra arguments <<<"$MQTTLAB_CONFORM"
  "$mqttlab" conform "${arguments[@]}" -o "$results/conform" || code=$?
  note "$code"
  end_group
fi
if [ -n "${MQTTLAB_BASE:-}" ] && [ "${#scenarios[@]}" -gt 0 ]; then
  base=$MQTTLAB_BASE
  if [ ! -d "$base" ]; then
    group "The same scenarios with $base"
    # What the base breaks is the gate's to tell.
    (unset GITHUB_ACTIONS && play base "$base" && exit "$worst") || worst=$?
    end_group
    base=$results/base
  fi
  code=0
  "$mqttlab" gate "$base" "$results/new" -o "$results/gate" || code=$?
  note "$code"
fi

# The summary of GitHub's step is written by mqttlab itself, run by run, the gate's last.
if [ -n "${GITHUB_OUTPUT:-}" ]; then
  printf 'results=%s\nexit-code=%s\n' "$results" "$worst" >>"$GITHUB_OUTPUT"
fi
exit "$worst"
