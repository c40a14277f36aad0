//! The doctor: checks on demand, one at a time, and what they found last in this process.

use std::sync::PoisonError;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::http::admin::access::{Admin, Posted};
use crate::http::admin::desk::{Report, Verdict};
use crate::http::admin::frame::{Frame, go};
use crate::http::admin::texts::Texts;
use crate::http::admin::turned::Turned;
use crate::http::moment::Moment;
use crate::http::page::respond;

struct CheckRow {
    name: String,
    verdict: &'static str,
    class: &'static str,
    seen: String,
    advice: Option<String>,
}

struct Checked {
    at: Moment,
    checks: Vec<CheckRow>,
}

#[derive(Template)]
#[template(path = "admin/doctor.html")]
struct DoctorPage {
    t: &'static Texts,
    frame: Frame,
    report: Option<Checked>,
}

/// The page with the last report.
pub(in crate::http::admin) async fn page(admin: Admin) -> Result<HttpResponse, Turned> {
    let t = admin.t;
    let reports = &admin.doors.admin.reports;
    let report = reports
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&admin.corp)
        .cloned();
    Ok(respond(
        StatusCode::OK,
        &DoctorPage {
            t,
            frame: Frame::of(&admin),
            report: report.map(|report| shown(report, t)),
        },
    ))
}

/// Makes the checks now.
pub(in crate::http::admin) async fn check(posted: Posted) -> Result<HttpResponse, Turned> {
    let admin = &posted.admin;
    let desk = &admin.doors.admin;
    let Ok(_turn) = desk.checking.try_acquire() else {
        return Ok(go(admin, "/doctor", "busy", 0));
    };
    let findings = (desk.check_up)(admin.corp.clone()).await;
    let at = admin.doors.clock.now();
    let report = Report { at, findings };
    let mut reports = desk.reports.lock().unwrap_or_else(PoisonError::into_inner);
    reports.insert(admin.corp.clone(), report);
    Ok(go(admin, "/doctor", "", 0))
}

fn shown(report: Report, t: &'static Texts) -> Checked {
    let checks = report.findings.into_iter().map(|finding| {
        let (verdict, class) = match finding.verdict {
            Verdict::Ok => (t.verdict_ok, "done"),
            Verdict::Warning => (t.verdict_warning, "retrying"),
            Verdict::Fault => (t.verdict_fault, "dead"),
        };
        CheckRow {
            name: finding.name,
            verdict,
            class,
            seen: finding.seen,
            advice: finding.advice,
        }
    });
    Checked {
        at: Moment::to_second(report.at, t.lang),
        checks: checks.collect(),
    }
}
