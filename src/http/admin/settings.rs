//! What has to be pasted into WeCom's console, and where.

use std::fmt::Write;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use qrcode::{Color, EcLevel, QrCode};

use crate::decide::wording::LINK_NAME;
use crate::http::admin::access::Admin;
use crate::http::admin::frame::Frame;
use crate::http::admin::texts::Texts;
use crate::http::admin::turned::Turned;
use crate::http::page::respond;

/// The quiet zone that readers need, in modules (ISO/IEC 18004).
const MARGIN: usize = 4;

struct Line {
    name: String,
    value: String,
}

struct Part {
    title: &'static str,
    place: &'static str,
    lines: Vec<Line>,
    qr: Option<Qr>,
}

/// A QR code as one SVG path, a module a unit.
struct Qr {
    side: usize,
    path: String,
}

#[derive(Template)]
#[template(path = "admin/settings.html")]
struct SettingsPage {
    t: &'static Texts,
    frame: Frame,
    parts: Vec<Part>,
}

/// The page.
pub(in crate::http::admin) async fn page(admin: Admin) -> Result<HttpResponse, Turned> {
    Ok(respond(
        StatusCode::OK,
        &SettingsPage {
            t: admin.t,
            frame: Frame::of(&admin),
            parts: parts(&admin),
        },
    ))
}

fn parts(admin: &Admin) -> Vec<Part> {
    let (t, doors) = (admin.t, &admin.doors);
    let part = |title, place, lines: Vec<Line>| Part {
        title,
        place,
        lines,
        qr: None,
    };
    let public = doors.public_url.as_str().trim_end_matches('/');
    let receivers = doors.receivers.iter();
    let mut names: Vec<String> = receivers
        .filter(|(_, receiver)| receiver.corp == admin.corp)
        .map(|(name, _)| name.to_string())
        .collect();
    names.sort();
    let callbacks = names.into_iter().map(|name| Line {
        value: format!("{public}/callback/{name}"),
        name,
    });
    let host = doors.public_url.host_str().unwrap_or_default();
    let domain = match doors.public_url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let mut trusted = vec![line(t.domain_name, domain)];
    let files = doors.verify_files.keys();
    trusted.extend(files.map(|name| line(t.verify_file, format!("{public}/{name}"))));
    if doors.verify_files.is_empty() {
        trusted.push(line(t.verify_file, t.no_verify_file));
    }
    let mut tenants = doors.tenants.iter();
    let key = tenants.find(|(_, tenant)| tenant.corp == admin.corp);
    let key = key.map(|(key, _)| key.to_string()).unwrap_or_default();
    let home = doors
        .corps
        .get(&admin.corp)
        .map(|corp| corp.facts.home.to_string());
    let home = home.unwrap_or_default();
    let toolbar = format!("{public}/sidebar?tenantKey={key}");
    let mut link = part(
        t.home,
        t.home_place,
        vec![line(t.attribute, LINK_NAME), line(t.address, home.clone())],
    );
    link.qr = qr(&home);
    vec![
        part(t.callbacks, t.callbacks_place, callbacks.collect()),
        part(t.domain, t.domain_place, trusted),
        part(t.toolbar, t.toolbar_place, vec![line(t.page_url, toolbar)]),
        link,
        part(t.team, t.team_place, vec![line("tenant_key", key)]),
    ]
}

fn line(name: &str, value: impl Into<String>) -> Line {
    Line {
        name: name.to_owned(),
        value: value.into(),
    }
}

/// Nothing for a text that no QR code can hold.
fn qr(text: &str) -> Option<Qr> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = code.width();
    let mut path = String::new();
    for (n, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            let (x, y) = (n % width + MARGIN, n / width + MARGIN);
            // Writing into a String cannot fail.
            let _ = write!(path, "M{x} {y}h1v1h-1z");
        }
    }
    let side = width + 2 * MARGIN;
    Some(Qr { side, path })
}
