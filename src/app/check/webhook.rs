//! The corp's own systems: can they be reached? Nothing is sent to them.

use futures_util::future::join_all;

use crate::app::check::Check;
use crate::app::corps::targets;
use crate::config::Corp;
use crate::webhook::Target;
use crate::webhook::error::WebhookError;

/// A line for each system.
pub(in crate::app::check) async fn check(corp: &Corp) -> Vec<Check> {
    let lines = targets(corp).map(|target| async move {
        let name = format!("webhook {} of {}", target.name, corp.id);
        line(name, &target, target.reach().await)
    });
    join_all(lines).await
}

fn line(name: String, target: &Target, answer: Result<(), WebhookError>) -> Check {
    let host = target.url.host_str().unwrap_or_default();
    let seen = |what: &str| format!("{host}: {what}");
    match answer {
        Ok(()) => Check::ok(name, seen("a connection can be made; nothing was sent")),
        Err(problem @ WebhookError::Private) => Check::fault(
            name,
            seen(&problem.to_string()),
            "give its public https address, or allow the private one in [[corp.webhook]]",
        ),
        Err(problem) => Check::warning(
            name,
            seen(&problem.to_string()),
            "see that it runs, and that this machine reaches it: DNS, firewall; messages are kept and tried for a day",
        ),
    }
}
