//! Lists are searched and paged.

use crate::guest::Guest;
use crate::item_pages::office;
use crate::world::{On, stories};

stories!(lists_are_searched_and_paged,);

async fn lists_are_searched_and_paged(on: On) {
    let (world, ..) = office(on).await;
    let mut guest = Guest::at_work(&world, "member:ZhangSan").await;
    guest
        .get("/items")
        .await
        .shows("还没有由您负责或处理的事项");
    for n in 0..33 {
        let title = format!("表{n:02}");
        let fields = [
            ("title", title.as_str()),
            ("fields[0].label", "a"),
            ("fields[0].kind", "text"),
            ("steps", "x"),
        ];
        guest.make("form", &fields).await;
        world.clock.advance(std::time::Duration::from_millis(5));
    }
    let first = guest.get("/items?kind=form").await;
    assert_eq!(first.html.matches("<span class=\"name\">").count(), 30);
    let (_, next) = first.html.split_once("rel=\"next\" href=\"").unwrap();
    let next = next
        .split('"')
        .next()
        .unwrap()
        .replace("&amp;", "&")
        .replace("&#38;", "&");
    let second = guest.get(&next).await;
    let titles = ["表02", "表01", "表00"];
    titles.iter().for_each(|title| second.shows(title));
    assert_eq!(second.html.matches("<span class=\"name\">").count(), 3);
    let found = guest.get("/items?kind=form&q=%E8%A1%A817").await;
    assert_eq!(found.html.matches("<span class=\"name\">").count(), 1);
    guest
        .get("/items?kind=form&state=closed")
        .await
        .shows("没有符合条件的事项");
    guest
        .get("/items?kind=project")
        .await
        .hides("<span class=\"name\">表");
    assert_eq!(guest.get("/items?kind=plan").await.status, 404);

    let mut li = Guest::at_work(&world, "member:LiSi").await;
    li.get("/items?kind=form")
        .await
        .hides("<span class=\"name\">表");
    let of_all = "/items?kind=form&scope=all&q=%E8%A1%A801";
    li.get(of_all)
        .await
        .shows("<span class=\"name\">表01</span>");
    // Everything goes to somebody else.
    let at = "/items/hand-over";
    let refused = guest.submit(at, at, &[("to", "谁")]).await;
    assert_eq!(refused.status, 422);
    let handed = guest.submit(at, at, &[("to", "李四")]).await;
    assert_eq!(handed.path(), "/items");
    world.settle().await;
    guest
        .get("/items?kind=form")
        .await
        .hides("<span class=\"name\">表");
    li.get("/items?kind=form").await.shows("表31");
}
