//! What nothing shows is removed after a day, and nothing else.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use wecom_bridge::decide::request::Command;
use wecom_bridge::model::attachment::Attachment;
use wecom_bridge::model::item::Actor;
use wecom_bridge::model::time::Timestamp;
use wecom_bridge::store::record::Key;

use super::people::{Browser, FORM, Office, corp, zhang_san};
use crate::world::{On, stories};

stories!(what_nothing_shows_is_removed);

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn what_nothing_shows_is_removed(on: On) {
    let office = Office::open(on).await;
    // Files tell their age by the clock of where they are kept.
    let now = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond());
    let (world, clock) = (&office.world, &office.world.clock);
    clock.advance(now.since(clock.now()));
    let wang = Browser::of(world, "contact:wmCustomer1").await;
    let shown = office.uploaded(&wang, FORM, b"shown").await;
    let forgotten = office.uploaded(&wang, FORM, b"forgotten").await;
    office.submit("wmCustomer1", "r1", &[&shown]).await.unwrap();
    // Its process ended before its record was kept.
    let lost = format!("{:032x}", 7);
    let bytes = [Ok::<_, std::io::Error>(Bytes::from_static(b"lost"))];
    let files = world.files();
    files
        .take_in(&corp(), &lost, stream::iter(bytes))
        .await
        .unwrap();
    assert_eq!(office.kept().await, 3);

    assert_eq!(world.sweep().await, 0);
    clock.advance(DAY + Duration::from_secs(60));
    let fresh = Browser::of(world, "contact:wmCustomer1").await;
    let waiting = office.uploaded(&fresh, FORM, b"waiting").await;
    assert_eq!(world.sweep().await, 2);
    assert_eq!(office.kept().await, 2);
    let keys = [&shown, &forgotten, &waiting].map(|id| Key::attachment(id));
    let records = world.store().read(&corp(), &keys).await.unwrap();
    let records: Vec<Option<Attachment>> = records.iter().map(|r| r.parse().unwrap()).collect();
    let there: Vec<bool> = records.iter().map(Option::is_some).collect();
    assert_eq!(there, [true, false, true]);
    assert_eq!(world.sweep().await, 0);

    // What was just submitted is not forgotten by who has looked before.
    let keys = [Key::attachment(&waiting)];
    clock.advance(DAY + Duration::from_secs(60));
    let looked_at = world.store().read(&corp(), &keys).await.unwrap();
    let before: Attachment = looked_at[0].parse().unwrap().unwrap();
    office
        .submit("wmCustomer1", "r2", &[&waiting])
        .await
        .unwrap();
    let forget = Command::Forget(before);
    assert!(office.ask(Actor::System, forget).await.is_err());
    assert_eq!(world.sweep().await, 0);

    // Nobody but the service itself forgets a file, and never one that is shown.
    let file = records[0].clone().unwrap();
    for by in [zhang_san(), file.by.clone(), Actor::System] {
        assert!(office.ask(by, Command::Forget(file.clone())).await.is_err());
    }
}
