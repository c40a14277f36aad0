//! Who gets in, what a form must carry, and whom the pages are not for.

use reqwest::header::LOCATION;
use wecom_bridge::model::item::{Actor, ItemState};
use wecom_bridge::sim::person::Member;

use crate::guest::Guest;
use crate::item_pages::{OWN, PROJECT, office, office_with};
use crate::world::{ADMIN_PASSWORD, CORP, On, Setup, stories, user};

stories!(
    only_those_who_may_get_in,
    a_form_needs_its_token_and_acts_once,
    whoever_has_left_has_no_way_in,
    administrators_have_the_same_pages,
    kinds_that_are_not_authorised_are_not_there,
);

async fn only_those_who_may_get_in(on: On) {
    let (world, ..) = office(on).await;
    let mut zhang = Guest::at_work(&world, "member:ZhangSan").await;
    let mut own = PROJECT;
    own[2] = ("circle", "followers");
    own[8] = ("stages[0].tasks[0].handler", "");
    let path = zhang.make("project", &own).await;
    let open = zhang.make("project", &PROJECT).await;
    let edit = format!("{path}/edit");
    let state = format!("{path}/state");

    let mut li = Guest::at_work(&world, "member:LiSi").await;
    for closed in [path.as_str(), &edit] {
        assert_eq!(li.get(closed).await.status, 404, "{closed}");
    }
    let page = li.get("/items?scope=all").await;
    page.hides(&path);
    page.shows(&open);
    for (at, fields) in [(&edit, &own[..]), (&state, &[("to", "closed")])] {
        let refused = li.submit("/items/hand-over", at, fields).await;
        assert_eq!(refused.status, 404, "{at}");
    }
    // What everybody sees, not everybody changes.
    let mut wu = Guest::at_work(&world, "member:WuNing").await;
    let shown = wu.get(&open).await;
    assert_eq!(shown.status, 200);
    shown.hides("/edit");
    for change in ["state", "task", "follower"] {
        let fields = [
            ("to", "closed"),
            ("task", "t1"),
            ("state", "done"),
            ("was_state", "todo"),
            ("follower", "李四"),
        ];
        let refused = wu
            .submit_on(&shown, &format!("{open}/{change}"), &fields)
            .await;
        assert_eq!(refused.status, 403, "{change}");
    }
    assert_eq!(wu.get(&format!("{open}/edit")).await.status, 403);
    assert_eq!(
        wu.submit(&open, &format!("{open}/follow"), &[("on", "1")])
            .await
            .status,
        303
    );

    let mut nobody = Guest::new(&world);
    let away = nobody.get(&path).await;
    assert!(away.to.contains("/connect/oauth2/authorize"), "{}", away.to);
    let token = zhang.get(&path).await.value("token");
    let close = [("token", token.as_str()), ("to", "closed")];
    assert_eq!(nobody.post(&state, &close).await.status, 403);
    assert_eq!(nobody.get("/items?tenantKey=team9").await.status, 404);
    assert_eq!(
        nobody.get(&format!("/admin/corps/{CORP}/items")).await.to,
        "/admin/login"
    );
    // A member's session opens nothing of the administrator's.
    let answer = zhang.get(&format!("/admin/corps/{CORP}/items")).await;
    assert_eq!(answer.to, "/admin/login");

    let mut customer = Guest::new(&world);
    let away = customer.get("/items").await;
    let mut authorize = url::Url::parse(&away.to).unwrap();
    authorize
        .query_pairs_mut()
        .append_pair("as", "contact:wmCustomer1");
    let back = world.http.get(authorize).send().await.unwrap();
    let back = back.headers()[LOCATION].to_str().unwrap().to_owned();
    customer.get(back.strip_prefix(OWN).unwrap()).await;
    for at in ["/items", path.as_str(), &open, &edit, "/items/new/form"] {
        let page = customer.get(at).await;
        assert_eq!(page.status, 403, "{at}");
        page.hides("门禁系统");
    }
    assert_eq!(customer.post(&state, &close).await.status, 403);
    assert_eq!(world.at(&path).await.head().state, ItemState::Open);
    assert_eq!(zhang.post(&state, &close).await.path(), path);
}

async fn a_form_needs_its_token_and_acts_once(on: On) {
    let (world, ..) = office(on).await;
    let mut guest = Guest::at_work(&world, "member:ZhangSan").await;
    let mut other = Guest::at_work(&world, "member:LiSi").await;
    let new = "/items/new/project";
    let page = guest.get(new).await;
    let foreign = other.get(new).await.value("token");
    let (token, request) = (page.value("token"), page.value("request"));
    for (what, origin, token) in [
        ("no token", OWN, ""),
        ("another's token", OWN, foreign.as_str()),
        ("a cut token", OWN, &token[1..]),
        ("another site", "https://evil.example", &token),
        ("no origin", "", &token),
    ] {
        guest.origin = origin;
        let fields = [("token", token), ("request", &request), ("title", "x")];
        let refused = guest.post(new, &fields).await;
        assert_eq!(refused.status, 403, "{what}");
    }
    guest.origin = OWN;
    assert_eq!(world.items_kept().await, 0);
    let huge = "x".repeat(3 * 1024 * 1024);
    let refused = guest
        .post(new, &[("token", &token), ("title", &huge)])
        .await;
    assert_eq!(refused.status, 413);

    // A double tap makes one project, and both taps lead to it.
    let one = guest.submit_on(&page, new, &PROJECT).await;
    let two = guest.submit_on(&page, new, &PROJECT).await;
    assert_eq!(one.path(), two.path());
    assert_eq!(world.items_kept().await, 1);
    // The page of before with something else in it was sent already.
    let mut changed = PROJECT;
    changed[0] = ("title", "另一个");
    let told = guest.submit_on(&page, new, &changed).await;
    assert_eq!(told.status, 409);
    told.shows("value=\"另一个\"");
    assert_eq!(world.items_kept().await, 1);

    // So does an edit that comes twice.
    let edit = format!("{}/edit", one.path());
    let page = guest.get(&edit).await;
    world.clock.advance(std::time::Duration::from_secs(1));
    let first = guest.submit_on(&page, &edit, &changed).await;
    let second = guest.submit_on(&page, &edit, &changed).await;
    assert_eq!((first.path(), second.path()), (one.path(), one.path()));
}

async fn whoever_has_left_has_no_way_in(on: On) {
    let (world, zhang, _) = office(on).await;
    let mut guest = Guest::at_work(&world, "member:ZhangSan").await;
    let path = guest.make("project", &PROJECT).await;
    let token = guest.get(&path).await.value("token");
    world.sim.delete_member(&zhang).await.unwrap();
    world.settle().await;
    for at in ["/items", path.as_str()] {
        let page = guest.get(at).await;
        assert_eq!(page.status, 403, "{at}");
        page.hides("门禁系统");
    }
    let state = format!("{path}/state");
    let close = [("token", token.as_str()), ("to", "closed")];
    assert_eq!(guest.post(&state, &close).await.status, 403);
    assert_eq!(world.at(&path).await.head().state, ItemState::Open);

    // Back again, of which no event tells.
    world.clock.advance(std::time::Duration::from_secs(60));
    let back = Member::new(zhang, "张三");
    world.sim.corp().add_member(back);
    assert_eq!(guest.get("/items").await.status, 403, "not known yet");
    world.settle().await;
    assert_eq!(guest.get("/items").await.status, 200);
}

async fn administrators_have_the_same_pages(on: On) {
    let (world, ..) = office(on).await;
    let mut admin = Guest::new(&world);
    let password = [("password", ADMIN_PASSWORD)];
    admin
        .submit("/admin/login", "/admin/login", &password)
        .await;
    let base = format!("/admin/corps/{CORP}/items");
    admin.get(&base).await.shows(&format!("{base}/new/project"));
    admin
        .get(&format!("/admin/corps/{CORP}"))
        .await
        .shows(&format!("href=\"{base}\""));
    let new = format!("{base}/new/project");
    let refused = admin.submit(&new, &new, &PROJECT).await;
    assert_eq!(refused.status, 422, "an owner must be chosen");
    let owned: Vec<_> = PROJECT.into_iter().chain([("owner", "李四")]).collect();
    let made = admin.submit_on(&refused, &new, &owned).await;
    let path = made.path().to_owned();
    assert!(path.starts_with(&base), "{path}");
    let item = world.at(&path).await;
    assert_eq!(item.head().owner, user("LiSi"));
    assert_eq!(item.head().created_by, Actor::Admin);
    let choose = admin.get(&format!("{base}/new/approval")).await;
    choose.shows("王女士");
    let about = format!("{base}/new/approval?contact=wmCustomer1");
    let files = format!("data-files=\"/admin/corps/{CORP}/files?item=approval");
    let editor = admin.get(&about).await;
    // With a Redis there is no place for files unless one is set.
    assert_eq!(editor.html.contains(&files), matches!(on, On::Embedded));
    let closed = admin
        .submit(&path, &format!("{path}/state"), &[("to", "closed")])
        .await;
    assert_eq!(closed.path(), path);
    // Language stays chosen.
    let switched = admin.get(&format!("{base}/language/en?back={base}")).await;
    assert_eq!(switched.path(), base);
    admin.get(&base).await.shows("New project");
    let stray = admin
        .get(&format!("{base}/language/en?back=//evil.example"))
        .await;
    assert_eq!(stray.path(), "/items");
}

async fn kinds_that_are_not_authorised_are_not_there(on: On) {
    let setup = Setup::default();
    let (mut world, ..) = office_with(on, setup).await;
    world
        .restart(
            "auto_sync = true",
            "auto_sync = true\nitems = [\"forms\", \"approvals\"]",
        )
        .await;
    let mut guest = Guest::at_work(&world, "member:ZhangSan").await;
    let page = guest.get("/items").await;
    page.shows("/items/new/form");
    page.hides("kind=project");
    for path in [
        "/items?kind=project",
        "/items/new/project",
        "/items/project/abc",
    ] {
        assert_eq!(guest.get(path).await.status, 404, "{path}");
    }
}
