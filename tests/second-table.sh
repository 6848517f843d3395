#!/usr/bin/env bash
# Runs the store's contract suite and some scenarios on another implementation of DynamoDB: ministack in place of the
# embedded store; then the functions on ministack's IoT data plane, with its broker, and on its SQS. Everything runs in a network
# namespace with loopback only. Requires the binaries and packages of `make test`.
set -euo pipefail
cd "$(dirname "$0")/.."

scenarios=(
  busy::a_busy_callee_is_not_rung_and_the_caller_hears_why
  busy::when_the_call_is_over_both_are_free
  destroying::a_create_request_that_is_taken_back_before_it_comes_never_rings
  direct_call::a_calls_b_who_has_two_devices_and_each_message_is_as_the_protocol_has_it
  dying::an_end_that_died_after_its_commit_is_told_even_if_nobody_asks_again
  offline::sync_shows_the_meeting_and_the_open_offer_on_the_bulk_topic
  races::t6_t7_two_devices_accept_at_once_and_one_of_them_has_the_call
  repeating::a_create_request_sent_twice_makes_one_meeting_and_rings_once
  rule_events::the_same_event_twice_at_once_has_one_effect
  wakes::a_lost_nudge_is_made_good_by_the_sweep
)
port=4566
server=.venv/bin/ministack

if [ ! -x "$server" ]; then
  echo "$server is missing: run \`make test\`" >&2
  exit 1
fi

source tests/loopback.sh
[ "${1:-}" = --inside ] || enter_loopback "the tests on a second table" "$0"
raise_loopback .venv/bin/python

scratch=$(mktemp -d)
BIND_HOST=127.0.0.1 GATEWAY_PORT=$port SERVICES=dynamodb,iot,iot-data,sqs TMPDIR=$scratch "$server" >"$scratch/log" 2>&1 &
pid=$!
stop() {
  kill "$pid" 2>/dev/null && wait "$pid" || true
  rm -rf "$scratch"
}
trap stop EXIT

export SWITCHBOARD_TEST_DYNAMODB=http://127.0.0.1:$port
answers() {
  no_proxy='*' .venv/bin/python -c 'import sys, urllib.request as web; web.urlopen(sys.argv[1], timeout=10)' \
    "$SWITCHBOARD_TEST_DYNAMODB/_ministack/health" 2>/dev/null
}
until answers; do
  if ! kill -0 "$pid"; then
    echo "ministack did not start:" >&2
    cat "$scratch/log" >&2
    exit 1
  fi
  sleep 0.1
done

run() {
  cargo test --locked --offline --workspace --test "$@"
}
echo "== the store's contract suite on ministack"
run store
echo "== scenarios on ministack"
known=$(run scenarios -- --exact "${scenarios[@]}" --list 2>/dev/null | grep -c ': test$' || true)
if [ "$known" != "${#scenarios[@]}" ]; then
  echo "only $known of the ${#scenarios[@]} scenarios in this script exist; correct its list" >&2
  exit 1
fi
run scenarios -- --exact "${scenarios[@]}"

echo "== the functions on the data plane and the queue of ministack"
unset SWITCHBOARD_TEST_DYNAMODB
SWITCHBOARD_TEST_SERVICES=http://127.0.0.1:$port run scenarios -- --exact \
  second_services::the_functions_serve_a_call_and_a_ring_that_nobody_answers_on_any_data_plane_and_queue
