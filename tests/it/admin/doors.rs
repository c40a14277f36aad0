//! Who gets in, and what a form must carry.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::LOCATION;
use wecom_bridge::http::admin::DOORS;

use crate::admin::{OTHER_CORP, OWN, token, world};
use crate::guest::{Guest, page};
use crate::world::{ADMIN_PASSWORD, CORP};

fn filled(path: &str) -> String {
    let corp = format!("{{{}}}", "corp");
    let mut path = path.replace(&corp, CORP);
    for name in ["place", "external_userid", "tenant", "code", "other"] {
        path = path.replace(&format!("{{{name}}}"), "1-1");
    }
    assert!(!path.contains('{'), "{path}");
    path
}

#[tokio::test]
async fn every_door_is_closed_to_strangers() {
    let world = world("").await;
    let mut member = Guest::new(&world);
    let away = member.get("sidebar").await;
    let mut authorize = url::Url::parse(&away.to).unwrap();
    authorize
        .query_pairs_mut()
        .append_pair("as", "member:ZhangSan");
    let back = world.http.get(authorize).send().await.unwrap();
    let back = back.headers()[LOCATION].to_str().unwrap().to_owned();
    member.get(back.strip_prefix(OWN).unwrap()).await;
    let session = member.cookies["__Host-wb_session"].clone();
    let mut admin = Guest::new(&world);
    admin.log_in_by(ADMIN_PASSWORD).await;
    let real = admin.cookies["__Secure-wb_admin"].clone();

    let cookies = [
        ("nobody", BTreeMap::new()),
        ("a session of the toolbar", member.cookies.clone()),
        (
            "one under the other's name",
            [("__Secure-wb_admin".to_owned(), session)].into(),
        ),
        (
            "a forged one",
            [("__Secure-wb_admin".to_owned(), format!("x{real}"))].into(),
        ),
    ];
    for (what, cookies) in cookies {
        for door in DOORS.iter().filter(|door| !door.open) {
            let mut guest = Guest::new(&world);
            guest.cookies.clone_from(&cookies);
            let path = filled(door.path);
            let method = Method::from_bytes(door.method.as_bytes()).unwrap();
            let request = match method {
                Method::POST => guest.form(&path, "scope=all&to=off&reason=x".into()),
                method => guest.request(method, &path),
            };
            let answer = page(guest.answer(request).await).await;
            let seen = (answer.status, answer.to.as_str(), answer.html.as_str());
            assert_eq!(
                seen,
                (303, "/admin/login", ""),
                "{what}: {} {path}",
                door.method
            );
        }
    }
    assert_eq!(
        world.items("events").await.len(),
        2,
        "nothing was put into the inbox"
    );
}

#[tokio::test]
async fn every_form_needs_its_sessions_token_and_our_origin() {
    let world = world("").await;
    let (mut admin, mut other) = (Guest::new(&world), Guest::new(&world));
    for guest in [&mut admin, &mut other] {
        let entered = guest.log_in_by(ADMIN_PASSWORD).await;
        assert_eq!((entered.status, entered.to.as_str()), (303, "/admin"));
    }
    let base = format!("/admin/corps/{CORP}");
    let own = token(&admin.get(&base).await.html);
    let foreign = token(&other.get(&base).await.html);
    let before = world.items("events").await.len();
    let cases = [
        ("no token", OWN, String::new()),
        ("an empty one", OWN, "&token=".into()),
        ("another session's", OWN, format!("&token={foreign}")),
        ("a cut one", OWN, format!("&token={}", &own[1..])),
        (
            "another site",
            "https://evil.example",
            format!("&token={own}"),
        ),
        ("no origin", "", format!("&token={own}")),
        ("an opaque origin", "null", format!("&token={own}")),
    ];
    for door in DOORS
        .iter()
        .filter(|door| door.method == "POST" && !door.open)
    {
        for (what, origin, token) in &cases {
            admin.origin = origin;
            let form = format!("scope=all&to=off&reason=x&userid=ZhangSan{token}");
            let answer = admin.post_form(&filled(door.path), &form).await;
            assert_eq!(answer.status, 403, "{what}: {}", door.path);
            assert!(answer.html.contains("<h1>"), "{what}");
        }
    }
    assert_eq!(world.items("events").await.len(), before);
    admin.origin = OWN;
    let answer = admin
        .post_form(&format!("{base}/sync"), &format!("scope=all&token={own}"))
        .await;
    assert_eq!(answer.status, 303);
    for door in DOORS.iter().filter(|door| door.method == "GET") {
        let answer = admin.get(&filled(door.path)).await;
        assert!(
            matches!(answer.status, 200 | 303 | 404),
            "{}: {}",
            door.path,
            answer.status
        );
    }
}

#[tokio::test]
async fn only_named_members_get_in_by_wecom() {
    let world = world(OTHER_CORP).await;
    for who in ["member:LiSi", "contact:wmCustomer1"] {
        let mut guest = Guest::new(&world);
        let refused = guest.log_in_as(who, "team1").await;
        assert_eq!(refused.status, 403, "{who}");
        assert!(
            refused.html.contains("没有权限") && !refused.html.contains("王女士"),
            "{who}"
        );
        assert!(
            !guest.cookies.contains_key("__Secure-wb_admin")
                && !guest.cookies.contains_key("wb_session")
        );
    }
    let mut admin = Guest::new(&world);
    let entered = admin.log_in_as("member:ZhangSan", "team1").await;
    assert_eq!((entered.status, entered.to.as_str()), (303, "/admin"));
    assert!(
        !admin.cookies.contains_key("wb_session"),
        "no session of the toolbar"
    );
    let home = admin.get("/admin").await;
    assert_eq!(home.to, format!("/admin/corps/{CORP}"));
    assert_eq!(admin.get(&home.to).await.status, 200);
    for door in DOORS.iter().filter(|door| door.path.contains("{corp}")) {
        let path = filled(&door.path.replace("{corp}", "wwOther"));
        let answer = match door.method {
            "GET" => admin.get(&path).await,
            _ => admin.post_form(&path, "").await,
        };
        assert_eq!(answer.status, 404, "another corp's page: {path}");
    }
    let mut by_password = Guest::new(&world);
    by_password.log_in_by(ADMIN_PASSWORD).await;
    for corp in [CORP, "wwOther"] {
        let answer = by_password.get(&format!("/admin/corps/{corp}")).await;
        assert_eq!(answer.status, 200, "{corp}");
        assert!(answer.html.contains("href=\"/admin/corps/wwOther\""));
    }
    assert_eq!(by_password.get("/admin/corps/wwNone").await.status, 404);
}

#[tokio::test]
async fn passwords_are_tried_ten_times() {
    let world = world("").await;
    let mut guest = Guest::new(&world);
    for n in 0..10 {
        let long = "x".repeat(2000);
        let tried = guest.log_in_by(if n == 0 { &long } else { "wrong" }).await;
        assert_eq!(tried.status, 403, "{n}");
        assert!(tried.html.contains("密码不正确"));
        assert!(!guest.cookies.contains_key("__Secure-wb_admin"));
    }
    for password in ["wrong", ADMIN_PASSWORD] {
        assert_eq!(guest.log_in_by(password).await.status, 429, "{password}");
    }
    world.clock.advance(Duration::from_secs(599));
    assert_eq!(guest.log_in_by(ADMIN_PASSWORD).await.status, 429);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(guest.log_in_by(ADMIN_PASSWORD).await.status, 303);
    for n in 0..20 {
        let again = guest.log_in_by(ADMIN_PASSWORD).await;
        assert_eq!(again.status, 303, "{n}: who knows it is not counted");
    }
    let blind = Guest::new(&world)
        .post_form("/admin/login", "password=password")
        .await;
    assert_eq!(blind.status, 403, "the form has a token too");
}
