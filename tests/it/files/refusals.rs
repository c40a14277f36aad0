//! What is not taken in, and that nothing is left of it.

use image::ImageFormat;
use wecom_bridge::decide::request::Command;
use wecom_bridge::model::item::ItemState;

use super::people::{Browser, FORM, Office, Part, item, zhang_san};
use super::picture;
use crate::world::{On, contact, stories};

stories!(
    files_that_are_none_are_refused,
    only_who_may_change_an_item_brings_files,
    nobody_is_flooded,
    a_place_that_is_down_is_told,
);

/// A PNG of so many pixels as its head says, and hardly any bytes.
fn bomb() -> Vec<u8> {
    let mut png = picture(1, 1, ImageFormat::Png);
    for at in [16, 20] {
        png[at..at + 4].copy_from_slice(&60_000_u32.to_be_bytes());
    }
    let mut crc = !0_u32;
    for byte in &png[12..29] {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (0_u32.wrapping_sub(crc & 1)));
        }
    }
    png[29..33].copy_from_slice(&(!crc).to_be_bytes());
    png
}

async fn files_that_are_none_are_refused(on: On) {
    let mut office = Office::open(on).await;
    let max = "[files]\nmax_bytes = 100000\ntypes = [\"png\", \"text\", \"pdf\"]\n";
    match &office.bucket {
        None => office.world.restart("[api]", &format!("{max}[api]")).await,
        Some(_) => office.world.restart("[files]", max).await,
    }
    let (large, bomb, zip) = (vec![b'a'; 100_001], bomb(), b"PK\x03\x04\x14\0".as_slice());
    let gif = picture(9, 9, ImageFormat::Gif);
    let html = b"<!DOCTYPE html><script>alert(1)</script>".as_slice();
    let svg = b"<svg onload=\"alert(1)\"/>".as_slice();
    for (name, content, expected) in [
        ("a.txt", large.as_slice(), 413),
        ("a.png", html, 415),
        ("a.txt", svg, 415),
        ("a.txt", b"MZ\x90\0\x03".as_slice(), 415),
        ("a.txt", "半".as_bytes().split_last().unwrap().1, 415),
        ("a.png", &gif, 415),
        ("a.zip", zip, 415),
        ("a.png", b"\x89PNG\r\n\x1a\n<script>".as_slice(), 415),
        ("a.png", &bomb, 422),
        ("a.txt", b"".as_slice(), 422),
    ] {
        let (status, told) = office.upload(&office.wang, FORM, name, content).await;
        assert_eq!(status, expected, "{name} {told}");
        assert!(!told["detail"].as_str().unwrap().is_empty());
    }
    // Names lead nowhere.
    for (name, expected) in [
        ("../../etc/passwd", "passwd.txt"),
        ("..\\..\\boot.ini", "boot.ini.txt"),
        ("a%00.png", "a%00.png.txt"),
    ] {
        let (status, told) = office.upload(&office.wang, FORM, name, b"text").await;
        assert_eq!((status, &told["name"]), (200, &expected.into()));
    }
    assert_eq!(office.kept().await, 3);
}

async fn only_who_may_change_an_item_brings_files(on: On) {
    let office = Office::open(on).await;
    let Office {
        wang, zhang, li, ..
    } = &office;
    let foreign = |browser: &Browser, origin| Browser {
        origin,
        ..browser.clone()
    };
    let stranger = Browser {
        cookie: String::new(),
        ..wang.clone()
    };
    let stolen = Browser {
        token: zhang.token.clone(),
        ..wang.clone()
    };
    office.submit("wmCustomer1", "r1", &[]).await.unwrap();
    let member_form = "items/files?item=form:f1";
    let evil = foreign(wang, Some("https://evil.example"));
    for (browser, to, expected) in [
        (&stranger, FORM, 403),
        (&evil, FORM, 403),
        (&foreign(wang, None), FORM, 403),
        (&stolen, FORM, 403),
        (wang, "home/files?tenantKey=none&item=form:f1", 403),
        (wang, "home/files?tenantKey=team1&item=form:f2", 404),
        (wang, "home/files?tenantKey=team1&item=form:../f1", 404),
        (wang, "home/files?tenantKey=team1&item=record:r1", 404),
        (wang, "home/files?tenantKey=team1", 400),
        (wang, member_form, 403),
        (zhang, FORM, 403),
        (li, member_form, 404),
        (
            wang,
            "admin/corps/ww0123456789abcdef/files?item=form:f1",
            403,
        ),
    ] {
        let (status, told) = office.upload(browser, to, "a.txt", b"text").await;
        assert_eq!(status, expected, "{to} {told}");
    }
    // The token stands before the files, or they are not looked at.
    let token = wang.token.as_bytes();
    let late: [Part<'_>; 2] = [
        ("file:photos", Some("a.txt"), b"text"),
        ("upload_token", None, token),
    ];
    assert_eq!(office.send(wang, FORM, &late).await.status(), 403);
    let no_form = office.world.post(FORM).header("cookie", &wang.cookie);
    let no_form = no_form.header("origin", super::people::OWN).body("a=b");
    assert_eq!(no_form.send().await.unwrap().status(), 400);
    // Parts with nothing in them are parts, too.
    let mut empty: Vec<Part<'_>> = vec![("upload_token", None, token)];
    empty.extend([("file:photos", Some(""), b"".as_slice()); 500]);
    assert_eq!(office.send(wang, FORM, &empty).await.status(), 400);
    assert_eq!(office.kept().await, 0);

    office.uploaded(zhang, member_form, b"text").await;
    let revoke = Command::Revoke(contact("wmCustomer1"), item("form:f1"));
    office.ask(zhang_san(), revoke).await.unwrap();
    let (status, _) = office.upload(wang, FORM, "a.txt", b"text").await;
    assert_eq!(status, 404);
    let close = Command::SetState(item("form:f1"), ItemState::Closed);
    office.ask(zhang_san(), close).await.unwrap();
    let (status, _) = office.upload(&office.chen, FORM, "a.txt", b"text").await;
    assert_eq!(status, 409);
    assert_eq!(office.kept().await, 1);
}

async fn nobody_is_flooded(on: On) {
    let office = Office::open(on).await;
    let token = office.wang.token.as_bytes();
    let mut parts: Vec<Part<'_>> = vec![("upload_token", None, token)];
    parts.extend([("file:photos", Some("a.txt"), b"text".as_slice()); 10]);
    assert_eq!(office.send(&office.wang, FORM, &parts).await.status(), 413);
    assert_eq!(office.kept().await, 9);
    let mut refused = None;
    for _ in 0..30 {
        let (status, _) = office.upload(&office.wang, FORM, "a.txt", b"text").await;
        if status != 200 {
            refused = Some(status);
            break;
        }
    }
    assert_eq!(refused, Some(429));
    assert_eq!(office.kept().await, 30);
    // Others have their own pace, and time gives back.
    office.uploaded(&office.chen, FORM, b"text").await;
    office
        .world
        .clock
        .advance(std::time::Duration::from_secs(60));
    office.uploaded(&office.wang, FORM, b"text").await;
}

async fn a_place_that_is_down_is_told(on: On) {
    let mut office = Office::open(on).await;
    let id = office.uploaded(&office.wang, FORM, b"text").await;
    match &office.bucket {
        Some(bucket) => {
            bucket.shelf().down = true;
            assert_eq!(office.seen_by(&id).await[0], 503);
            let (status, _) = office.upload(&office.wang, FORM, "a.txt", b"text").await;
            assert_eq!(status, 503);
            bucket.shelf().down = false;
            assert_eq!(office.seen_by(&id).await[0], 200);
        }
        // The file is gone although the record speaks of it.
        None => {
            let corp = super::people::corp();
            office.world.files().remove(&corp, &id).await.unwrap();
            assert_eq!(office.seen_by(&id).await[0], 404);
            office.world.reopen().await;
            assert_eq!(office.seen_by(&id).await[0], 404);
        }
    }
}

/// With a Redis and no place that is set there are no attachments, and whoever uploads is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_redis_alone_there_are_none() {
    let mut office = Office::open(On::Redis).await;
    let bucket = office.bucket.take().unwrap();
    office.world.restart(&bucket.toml(), "").await;
    let (status, told) = office.upload(&office.wang, FORM, "a.txt", b"text").await;
    assert_eq!(status, 503);
    assert_eq!(told["detail"], "本服务未启用附件，请联系管理员。");
    let path = format!("files/{:032x}", 1);
    assert_eq!(office.get(&office.wang, &path).await.status(), 404);
}
