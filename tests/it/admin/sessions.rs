//! How long a session holds, and what its cookies are.

use std::time::Duration;

use reqwest::header::{COOKIE, SET_COOKIE};

use crate::admin::{token, world};
use crate::guest::Guest;
use crate::world::{ADMIN_PASSWORD, Address, CORP, On, Setup, World, stories};

stories!(a_logout_holds_everywhere,);

#[tokio::test]
async fn sessions_end() {
    let world = world("").await;
    let mut guest = Guest::new(&world);
    guest.log_in_by(ADMIN_PASSWORD).await;
    let kept = guest.cookies.clone();
    let base = format!("/admin/corps/{CORP}");
    assert_eq!(guest.get(&base).await.status, 200);
    assert_eq!(guest.post_form("/admin/logout", "").await.status, 403);
    let out = guest.submit_form(&base, "/admin/logout", "").await;
    assert_eq!((out.status, out.to.as_str()), (303, "/admin/login"));
    assert_eq!(guest.get(&base).await.to, "/admin/login");
    guest.cookies = kept;
    assert_eq!(
        guest.get(&base).await.to,
        "/admin/login",
        "a copy of the cookie"
    );
    guest.log_in_by(ADMIN_PASSWORD).await;
    assert_eq!(guest.get(&base).await.status, 200);
    world.clock.advance(Duration::from_secs(8 * 3600));
    assert_eq!(guest.get(&base).await.to, "/admin/login");
}

async fn a_logout_holds_everywhere(on: On) {
    let address = Address::BehindTls;
    let setup = Setup {
        address,
        ..Setup::default()
    };
    let mut world = World::with(on, setup).await;
    let mut guest = Guest::new(&world);
    guest.log_in_by(ADMIN_PASSWORD).await;
    let kept = guest.cookies.clone();
    let page = format!("/admin/corps/{CORP}");
    let opened = async |world: &World, at: &url::Url| {
        let pairs = kept.iter().map(|(name, value)| format!("{name}={value}"));
        let cookies = pairs.collect::<Vec<_>>().join("; ");
        let request = world.http.get(at.join(&page).unwrap());
        let answer = request.header(COOKIE, cookies).send().await.unwrap();
        answer.status().as_u16()
    };
    let elsewhere = world.elsewhere().await;
    assert_eq!(opened(&world, &elsewhere).await, 200);
    let mut guest = Guest::new(&world);
    guest.cookies = kept.clone();
    let out = guest.submit_form(&page, "/admin/logout", "").await;
    assert_eq!((out.status, out.to.as_str()), (303, "/admin/login"));
    // One process on Redis hears of it at once, the file's next one from the file.
    if let On::Redis = on {
        assert_eq!(opened(&world, &elsewhere).await, 303);
    }
    let elsewhere = world.elsewhere().await;
    assert_eq!(opened(&world, &elsewhere).await, 303);
    let mut other = Guest::new(&world);
    assert_eq!(
        other.log_in_by(ADMIN_PASSWORD).await.status,
        303,
        "others get in"
    );
    assert_eq!(other.get(&page).await.status, 200);
}

#[tokio::test]
async fn a_session_that_has_ended_stays_ended_when_a_corp_comes() {
    let mut world = world("").await;
    let mut guest = Guest::new(&world);
    guest.log_in_by(ADMIN_PASSWORD).await;
    let kept = guest.cookies.clone();
    let page = format!("/admin/corps/{CORP}");
    let out = guest.submit_form(&page, "/admin/logout", "").await;
    assert_eq!(out.to, "/admin/login");
    for id in ["aaa", "zzz"] {
        let another = format!(
            "[[corp]]\nid = \"{id}\"\ntenant_key = \"{id}\"\n\
             [corp.app]\nagent_id = 1\nsecret = \"a-secret-of-another\"\n\
             [[corp.receiver]]\nname = \"{id}\"\ntoken = \"OtherToken\"\n\
             aes_key = \"0123456789abcdefghijklmnopqrstuvwxyzABCDEFG\"\n[[corp]]\nid = \"{CORP}\"\n"
        );
        let own = format!("[[corp]]\nid = \"{CORP}\"\n");
        world.restart(&own, &another).await;
        let mut copy = Guest::new(&world);
        copy.cookies = kept.clone();
        assert_eq!(copy.get(&page).await.to, "/admin/login", "{id}");
    }
}

#[tokio::test]
async fn cookies_are_out_of_reach() {
    let world = world("").await;
    let mut guest = Guest::new(&world);
    let form = guest.get("/admin/login").await;
    let fields = format!("password={ADMIN_PASSWORD}&token={}", token(&form.html));
    let request = guest.form("/admin/login", fields);
    let entered = guest.answer(request).await;
    let cookies: Vec<&str> = entered
        .headers()
        .get_all(SET_COOKIE)
        .iter()
        .map(|cookie| cookie.to_str().unwrap())
        .collect();
    let session = cookies
        .iter()
        .find(|cookie| cookie.starts_with("__Secure-wb_admin="))
        .unwrap();
    let parts: Vec<&str> = session.split("; ").collect();
    for part in [
        "HttpOnly",
        "SameSite=Lax",
        "Path=/admin",
        "Secure",
        "Max-Age=28800",
    ] {
        assert!(parts.contains(&part), "{part}: {session}");
    }
    assert!(!session.contains("Domain"));
}
