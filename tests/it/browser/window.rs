//! The simulator's own pages: the app's window of a member, and names of all kinds.

use wecom_bridge::sim::console::WelcomeBy;
use wecom_bridge::sim::ledger::Sent;
use wecom_bridge::sim::person::{Contact, Member};

use crate::browser::driver::Browser;
use crate::browser::{PHONE, at, world};
use crate::world::{JsSdk, contact, user};

pub(super) async fn a_button_acts_once(browser: &Browser) {
    let (world, member, _) = world(JsSdk::Simulated).await;
    let other = contact("wmCustomer2");
    world
        .sim
        .corp()
        .add_contact(Contact::new(other.clone(), "李先生"));
    world.sim.corp().console.welcome = WelcomeBy::Console;
    world.sim.customer_adds(&member, &other).await.unwrap();
    world.settle().await;
    browser.forget().await;
    browser.open(at(&world.sim, "window/ZhangSan")).await;
    browser.sees("新客户：李先生").await;
    let button = ".card button[value=contacted]";
    browser.submit(button).await;
    // The service has not come to it yet, so there is time for a second press.
    browser.submit(button).await;
    world.settle().await;
    browser.reload().await;
    assert_eq!(browser.text(".card button[disabled]").await, "已处理");
    assert_eq!(
        browser
            .script("return document.querySelectorAll('.card button:enabled').length")
            .await,
        0
    );

    let sent = world.sim.sent();
    let updates = sent
        .iter()
        .filter(|sent| matches!(sent, Sent::CardUpdate(_)));
    assert_eq!(updates.count(), 1);
    let presses = world.api("api/v1/events?kind=template_card_event").await;
    let presses = presses["items"].as_array().unwrap();
    assert_eq!(presses.len(), 2, "both arrived");
    assert!(
        presses.iter().all(|press| press["state"] == "done"),
        "{presses:?}"
    );
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

pub(super) async fn names_are_never_markup(browser: &Browser) {
    let (world, member, _) = world(JsSdk::Simulated).await;
    let name = "<img src=x onerror=alert(1)><script>alert(2)</script>";
    let (userid, id) = (user("Mallory"), contact("wmMallory"));
    {
        let mut corp = world.sim.corp();
        corp.add_contact(Contact::new(id.clone(), name));
        corp.console.welcome = WelcomeBy::Console;
    }
    world
        .sim
        .create_member(Member::new(userid.clone(), name))
        .await;
    for member in [&member, &userid] {
        world.sim.customer_adds(member, &id).await.unwrap();
    }
    world.sim.customer_writes(&userid, &id, name).unwrap();
    world.settle().await;
    browser.forget().await;
    browser.size(PHONE.0, PHONE.1).await;
    let pages = [
        "",
        "window/Mallory",
        "window/ZhangSan",
        "profile/Mallory",
        "chat/Mallory/wmMallory",
    ];
    for page in pages {
        browser.open(at(&world.sim, page)).await;
        browser.sees("<img src=x onerror=alert(1)>").await;
        let images = "return document.images.length";
        assert_eq!(browser.script(images).await, 0, "{page}");
        assert!(browser.fits_its_width().await, "{page}");
        assert_eq!(browser.complaints().await, Vec::<String>::new(), "{page}");
    }
}
