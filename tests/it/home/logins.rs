//! Coming back from WeCom's login: once, in one browser, and to our own pages only.

use std::time::Duration;

use crate::guest::Guest;
use crate::home::shows::shared;
use crate::home::{HOME, WANG, at};
use crate::world::{On, stories};

stories!(
    a_way_back_is_good_once,
    a_login_ends_on_our_own_pages,
    one_address_asks_so_often
);

async fn a_way_back_is_good_once(on: On) {
    let world = shared(on).await;
    let mut guest = Guest::new(&world);
    let back = guest.way_back(WANG, &at("project:p1")).await;
    let pending = guest.cookies.clone();
    assert!(!pending.is_empty());
    let entered = guest.get(&back).await;
    assert_eq!(entered.to, format!("/{}", at("project:p1")));
    assert!(guest.cookies.contains_key("__Host-wb_session"));

    // The browser asks twice: whoever is logged in goes on, and gets nothing new.
    let session = guest.cookies.clone();
    let again = guest.get(&back).await;
    assert_eq!((again.status, &again.to), (302, &entered.to));
    assert_eq!(guest.cookies, session);

    // Somebody has the address, and even the cookie of that login.
    for cookies in [pending.clone(), Default::default()] {
        let mut thief = Guest::new(&world);
        thief.cookies = cookies;
        let refused = thief.get(&back).await;
        assert_eq!(refused.status, 403, "{}", refused.to);
        assert!(!thief.cookies.contains_key("__Host-wb_session"));
    }
    // The state with another code, and the code with another state.
    let mut thief = Guest::new(&world);
    let other = thief.way_back("contact:wmCustomer2", HOME).await;
    let code = |back: &str| back.split(['?', '&']).nth(1).unwrap().to_owned();
    let mixed = back.replace(&code(&back), &code(&other));
    let mut guest = Guest::new(&world);
    guest.cookies = pending;
    assert_eq!(guest.get(&mixed).await.status, 403);
    let mixed = other.replace(&code(&other), &code(&back));
    assert_eq!(thief.get(&mixed).await.status, 403, "a code is good once");
}

async fn a_login_ends_on_our_own_pages(on: On) {
    let world = shared(on).await;
    for (query, expected) in [
        ("", ""),
        (
            "&back=https://evil.example/",
            "&back=https%3A%2F%2Fevil.example%2F",
        ),
        ("&//evil.example", "&%2F%2Fevil.example="),
        ("&%0d%0aLocation:%20x", "&%0D%0ALocation%3A+x="),
        ("&code=1&state=2", ""),
        ("&t=token&lang=en", "&t=token&lang=en"),
    ] {
        let mut guest = Guest::new(&world);
        let path = format!("{HOME}{query}");
        let entered = guest.log_in(WANG, &path).await;
        let to = format!("/{HOME}{expected}");
        // Words without a text are left out.
        let to = to
            .replace("&%2F%2Fevil.example=", "")
            .replace("&%0D%0ALocation%3A+x=", "");
        assert_eq!((entered.status, entered.to), (302, to), "{query}");
    }
    let url = format!("{}/evil.example/home?tenantKey=team1", world.base);
    let answer = world.http.get(url).send().await.unwrap();
    assert_eq!(answer.status(), 404);
}

async fn one_address_asks_so_often(on: On) {
    let world = shared(on).await;
    let mut guest = Guest::new(&world);
    let back = guest.way_back(WANG, HOME).await;
    let pending = guest.cookies.clone();
    let mut answers = Vec::new();
    for _ in 0..121 {
        guest.cookies = pending.clone();
        answers.push(guest.get(&back).await);
    }
    let status = |n: usize| answers[n].status;
    assert_eq!((status(0), status(119), status(120)), (302, 403, 429));
    assert!(answers[120].html.contains("登录过于频繁"));
    // Whoever has come from there too waits a minute.
    let mut other = Guest::new(&world);
    other.language = "en";
    let back = other.way_back(WANG, HOME).await;
    let waits = other.get(&back).await;
    assert_eq!(waits.status, 429);
    assert!(waits.html.contains("Too many logins"), "{}", waits.html);
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(other.get(&back).await.status, 302);
}
