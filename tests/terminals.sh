#!/usr/bin/env bash
# Runs scenarios with terminals of other makes (tests/foreign). Without arguments: a part of the scenarios with each make, as
# `make test` does. Usage: tests/terminals.sh [MAKE... [-- ARGUMENTS OF THE TESTS]]
set -euo pipefail
cd "$(dirname "$0")/.."

# One of each kind: offers to one and two devices, races, queues, drops, logins, groups, moderation, pages, repeats.
part=(
  calling_again::who_crashed_and_calls_somebody_else_hears_which_call_holds_them
  direct_call::a_calls_b_who_has_two_devices_and_each_message_is_as_the_protocol_has_it
  dropping::t24_t25_who_drops_off_is_told_of_and_has_his_seat_when_he_comes_back
  glare::t16_two_who_call_each_other_at_once_are_in_one_call
  lobby::t20_t21_the_host_lets_somebody_in_from_the_lobby_on_all_devices
  logins::a_call_survives_the_end_of_a_login_if_the_app_brings_a_new_token
  offline::t4_an_offer_to_who_is_away_is_queued_and_rings_when_he_comes_back_in_time
  offline::the_news_that_it_is_over_stands_behind_every_queued_offer
  paging::a_large_state_comes_in_pages_that_are_one_answer
  races::t6_t7_two_devices_accept_at_once_and_one_of_them_has_the_call
  repeating::a_create_request_sent_twice_makes_one_meeting_and_rings_once
  strangers::a_token_under_another_secret_is_refused
  strangers::nobody_speaks_as_the_service_or_in_the_name_of_another
)
# These run programs of this project, or are about one make.
others=(call_command:: janus:: soak::)

makes=()
while [ $# != 0 ] && [ "$1" != -- ]; do
  makes+=("$1")
  shift
done
if [ ${#makes[@]} = 0 ]; then
  makes=(paho mqttjs rumqttc)
  arguments=(--exact "${part[@]}")
  known=$(cargo test --locked --offline --workspace --test scenarios -- "${arguments[@]}" --list 2>/dev/null | grep -c ': test$' || true)
  if [ "$known" != "${#part[@]}" ]; then
    echo "only $known of the ${#part[@]} scenarios in this script exist; correct its list" >&2
    exit 1
  fi
else
  arguments=("${@:2}")
  for other in "${others[@]}"; do
    arguments+=(--skip "$other")
  done
fi

for make in "${makes[@]}"; do
  echo "== scenarios with $make"
  SWITCHBOARD_TERMINAL=$make cargo test --locked --offline --workspace --test scenarios -- "${arguments[@]}"
done
