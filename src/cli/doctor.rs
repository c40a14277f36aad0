//! `doctor`: is everything around the service as it should be, and if not, what is to be done where?

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::app::check::{Check, Through, Verdict, check};
use crate::cli::{ConfigArgs, Exit, say};
use crate::clock::Clock;
use crate::config::problem::{ConfigProblem, ConfigProblems};
use crate::config::{Config, Corp};

/// Checks configuration, store, running service, its addresses, secrets and their rights, and clock; says what to do where.
///
/// It changes nothing and sends no event. Exit code 1 when there is a fault.
#[derive(Debug, Args)]
pub(in crate::cli) struct Doctor {
    #[command(flatten)]
    config: ConfigArgs,

    /// Which way the service's addresses are tried.
    #[arg(long, value_name = "WAY", value_enum, default_value_t = Way::Listen)]
    through: Way,

    /// Print the checks as JSON.
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    ok: bool,
    checks: Vec<Check>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Way {
    /// At the address that the service listens on
    Listen,
    /// At `public_url`, through DNS and reverse proxy, as WeCom does
    Public,
}

impl Doctor {
    pub(in crate::cli) async fn run(self) -> Exit {
        let checks = match self.config.load() {
            Ok(config) => self.checks(&config).await,
            Err(problems) => self.problems(&problems),
        };
        let worst = checks.iter().map(|check| check.verdict).max();
        if self.json {
            let ok = worst < Some(Verdict::Fault);
            let report = Report { ok, checks };
            say(&serde_json::to_string(&report).unwrap_or_default());
        } else {
            say(&in_words(&checks));
        }
        match worst {
            Some(Verdict::Fault) => Exit::Failed,
            Some(Verdict::Ok | Verdict::Warning) | None => Exit::Done,
        }
    }

    async fn checks(&self, config: &Config) -> Vec<Check> {
        let through = match self.through {
            Way::Listen => Through::Listen,
            Way::Public => Through::Public,
        };
        let mut checks = vec![configuration(config)];
        checks.extend(check(config, &Clock::system(), through).await);
        checks
    }

    fn problems(&self, problems: &ConfigProblems) -> Vec<Check> {
        let mut checks: Vec<_> = problems.iter().map(problem).collect();
        checks.extend(self.config.hint().map(|hint| {
            Check::warning(
                "configuration",
                "no file was named, only the environment",
                hint,
            )
        }));
        checks
    }
}

fn configuration(config: &Config) -> Check {
    let receivers = config.corps.iter().flat_map(Corp::all_receivers).count();
    let corps = config.corps.len();
    Check::ok(
        "configuration",
        format!("complete; corps: {corps}, receivers: {receivers}"),
    )
}

fn problem(problem: &ConfigProblem) -> Check {
    let ConfigProblem {
        key,
        variable,
        wrong,
        remedy,
    } = problem;
    let seen = match variable {
        Some(variable) => format!("{key} (set by {variable}) {wrong}"),
        None => format!("{key} {wrong}"),
    };
    Check::fault("configuration", seen, remedy)
}

/// One line a check, and one for the whole.
fn in_words(checks: &[Check]) -> String {
    let mut text = String::new();
    let (mut warnings, mut faults) = (0, 0);
    for Check {
        name,
        verdict,
        seen,
        advice,
    } in checks
    {
        let verdict = match verdict {
            Verdict::Ok => "ok     ",
            Verdict::Warning => {
                warnings += 1;
                "warning"
            }
            Verdict::Fault => {
                faults += 1;
                "fault  "
            }
        };
        text.push_str(&format!("{verdict}  {name}: {seen}"));
        if let Some(advice) = advice {
            text.push_str(&format!(". To do: {advice}"));
        }
        text.push('\n');
    }
    text.push_str(&format!("faults: {faults}, warnings: {warnings}"));
    text
}
