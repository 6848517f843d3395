//! Tests of delays by the clock, receipts and dead letters.

use super::*;

fn queues() -> (Arc<Instruments>, Queues) {
    let instruments = Arc::new(Instruments::default());
    let queue = |name: &str, redrive: Option<&str>| template::Queue {
        name: name.to_owned(),
        arn: format!("arn:aws:sqs:us-east-1:000000000000:{name}"),
        visibility_timeout: Duration::from_mins(1),
        redrive: redrive.map(|queue| template::Redrive { queue: queue.to_owned(), max_receive_count: 2 }),
    };
    let declared = [queue("timers", Some("letters")), queue("letters", None)];
    (Arc::clone(&instruments), Queues::new(&declared, instruments))
}

#[test]
fn a_delayed_message_is_received_when_the_clock_has_passed_its_delay() {
    let (instruments, queues) = queues();
    queues.send("timers", "ring is over".to_owned(), Duration::from_secs(45)).expect("the queue exists");
    assert_eq!(queues.receive("timers", 10), []);
    assert_eq!(queues.depth("timers"), Depth { delayed: 1, ..Depth::default() });

    instruments.clock.advance(45_000);
    let received = queues.receive("timers", 10);
    assert_eq!(received.iter().map(|message| message.body.as_str()).collect::<Vec<_>>(), ["ring is over"]);
}

#[tokio::test]
async fn a_waiting_receiver_is_woken_by_a_message_and_by_the_clock() {
    let (instruments, queues) = queues();
    let queues = Arc::new(queues);
    let woken = |queues: &Arc<Queues>| {
        let queues = Arc::clone(queues);
        tokio::spawn(async move { queues.wait_until_visible("timers").await })
    };

    let by_message = woken(&queues);
    tokio::task::yield_now().await;
    queues.send("timers", "x".to_owned(), Duration::from_hours(1)).expect("the queue exists");
    by_message.await.expect("the task ends");

    let by_clock = woken(&queues);
    tokio::task::yield_now().await;
    assert!(!by_clock.is_finished());
    instruments.clock.advance(3_600_000);
    by_clock.await.expect("the task ends");
}

#[test]
fn a_received_message_is_hidden_until_it_is_deleted_or_its_timeout_is_over() {
    let (instruments, queues) = queues();
    queues.send("timers", "x".to_owned(), Duration::ZERO).expect("the queue exists");
    let first = queues.receive("timers", 10);
    assert_eq!(queues.receive("timers", 10), []);
    assert_eq!(queues.depth("timers"), Depth { in_flight: 1, ..Depth::default() });

    instruments.clock.advance(60_000);
    let second = queues.receive("timers", 10);
    assert_eq!((second.len(), second[0].receive_count), (1, 2));

    queues.delete("timers", &first[0].receipt);
    assert_eq!(queues.depth("timers").in_flight, 1, "an old receipt deletes nothing");
    queues.delete("timers", &second[0].receipt);
    assert_eq!(queues.depth("timers"), Depth::default());
}

#[test]
fn a_message_that_was_received_too_often_goes_to_the_dead_letters() {
    let (instruments, queues) = queues();
    queues.send("timers", "x".to_owned(), Duration::ZERO).expect("the queue exists");
    for _ in 0..2 {
        assert_eq!(queues.receive("timers", 10).len(), 1);
        instruments.clock.advance(60_000);
    }
    assert_eq!(queues.receive("timers", 10), []);
    assert_eq!(queues.receive("letters", 10).len(), 1);
}

#[test]
fn messages_are_received_in_order_of_visibility_and_no_more_than_requested() {
    let (instruments, queues) = queues();
    for (body, delay) in [("second", 2), ("third", 3), ("first", 1)] {
        queues.send("timers", body.to_owned(), Duration::from_secs(delay)).expect("the queue exists");
    }
    instruments.clock.advance(5_000);
    let bodies =
        |messages: Vec<QueueMessage>| messages.into_iter().map(|message| message.body).collect::<Vec<_>>();
    assert_eq!(bodies(queues.receive("timers", 2)), ["first", "second"]);
    assert_eq!(bodies(queues.receive("timers", 2)), ["third"]);
}
