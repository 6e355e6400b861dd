//! A ledger that cannot be written: an alert is neither lost nor told twice by it.

use super::receiving::Receiving;
use super::*;

/// A receiver that takes everything, and a house with something to tell it.
async fn stage() -> (House, Receiving, Vec<Receiver>) {
    let receiving = Receiving::start(&[]).await;
    let mut house = House::new();
    house.unpriced(monday(), "new-model");
    let receivers = vec![Receiver::new("ops", &receiving.hook(), Format::Json)];
    (house, receiving, receivers)
}

/// The next call opens the ledger again.
fn there_is_room_again(house: &mut House) {
    house.spend(monday(), 1);
}

#[tokio::test]
async fn what_cannot_be_kept_is_not_sent_and_is_news_once_there_is_room() {
    let (mut house, receiving, receivers) = stage().await;
    let alerts = house.alerts(receivers, vec![]);
    house.ledger.let_go();
    let before = house.ledger.stats().errors;
    for minute in 0..3 {
        let now = monday() + SignedDuration::from_mins(minute);
        alerts.decide(now, &report(vec![]));
        alerts.deliver(now).await;
    }
    assert_eq!((alerts.pending(), receiving.got().len()), (0, 0));
    assert!(house.ledger.stats().errors > before, "it is not counted");
    there_is_room_again(&mut house);
    for minute in 3..6 {
        let now = monday() + SignedDuration::from_mins(minute);
        alerts.decide(now, &report(vec![]));
        alerts.deliver(now).await;
    }
    assert_eq!((alerts.pending(), receiving.got().len()), (0, 1));
}

#[tokio::test]
async fn a_delivery_that_could_not_be_noted_is_noted_once_there_is_room() {
    let (mut house, receiving, receivers) = stage().await;
    let alerts = house.alerts(receivers.clone(), vec![]);
    alerts.decide(monday(), &report(vec![]));
    house.ledger.let_go();
    for _ in 0..2 {
        alerts.deliver(monday()).await;
    }
    assert_eq!((alerts.pending(), receiving.got().len()), (0, 1));
    there_is_room_again(&mut house);
    alerts.decide(monday(), &report(vec![]));
    drop(alerts);
    let house = house.restart();
    let alerts = house.alerts(receivers, vec![]);
    assert_eq!(alerts.pending(), 0, "it would be sent again");
    alerts.decide(monday(), &report(vec![]));
    alerts.deliver(monday()).await;
    assert_eq!((alerts.pending(), receiving.got().len()), (0, 1));
}
