//! The command line: which commands there are, where their settings come from, how they end.
//!
//! The only code that talks to people on a terminal. Results go to standard output, everything else to standard error.

mod backup;
mod check_config;
mod completions;
mod doctor;
mod forget_customer;
mod hash_password;
mod healthcheck;
mod man;
mod replay;
mod serve;
mod service;
mod simulate;
mod sync;
mod transfer;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand};

use crate::config::problem::ConfigProblems;
use crate::config::{Config, StoreChoice};
use crate::model::ids::CorpId;
use crate::model::version::version;

const AFTER_HELP: &str = "\
Examples:
  wecom-bridge check-config --example > wecom-bridge.toml    begin with the commented example
  wecom-bridge check-config --config wecom-bridge.toml       see what is missing or wrong
  wecom-bridge serve --config wecom-bridge.toml              run the service
  wecom-bridge doctor --config wecom-bridge.toml             see whether everything around it works
  wecom-bridge sync --config wecom-bridge.toml               bring everything up to date with WeCom
  wecom-bridge backup --config wecom-bridge.toml copy.redb   copy the embedded store while it is in use
  wecom-bridge simulate                                      see it work with a simulated WeCom
  wecom-bridge replay --config wecom-bridge.toml fixtures    post stored events to it

Settings come from the file and from WECOM_BRIDGE_… variables, which win:
WECOM_BRIDGE_CORP__0__APP__SECRET is `secret` in the [corp.app] of the first [[corp]].

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.";

#[derive(Debug, Parser)]
#[command(name = "wecom-bridge", version = version(), about = env!("CARGO_PKG_DESCRIPTION"))]
#[command(after_help = AFTER_HELP, max_term_width = 100, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Simulate(simulate::Simulate),
    Sync(sync::Sync),
    ForgetCustomer(forget_customer::ForgetCustomer),
    Backup(backup::Backup),
    Export(transfer::Export),
    Import(transfer::Import),
    Replay(replay::Replay),
    CheckConfig(check_config::CheckConfig),
    Doctor(doctor::Doctor),
    Healthcheck(healthcheck::Healthcheck),
    HashPassword(hash_password::HashPassword),
    Completions(completions::Completions),
    Man(man::Man),
}

/// Where the settings come from; the same for every command.
#[derive(Debug, Args)]
pub(in crate::cli) struct ConfigArgs {
    /// The configuration file (TOML). Without one, settings come from the environment alone.
    #[arg(
        long,
        value_name = "FILE",
        env = "WECOM_BRIDGE_CONFIG",
        hide_env_values = true
    )]
    config: Option<PathBuf>,
}

impl ConfigArgs {
    /// Reads the settings, or says everything that is wrong with them.
    pub(in crate::cli) fn load_or_complain(&self) -> Result<Config, Exit> {
        self.load().map_err(|problems| {
            self.complain_of(&problems);
            Exit::Misused
        })
    }

    /// Says everything that is wrong.
    pub(in crate::cli) fn complain_of(&self, problems: &ConfigProblems) {
        complain(&problems.to_string());
        if let Some(hint) = self.hint() {
            complain(&format!("\nNo configuration file was named: {hint}."));
        }
    }

    /// How to come by a configuration file, for who named none.
    pub(in crate::cli) fn hint(&self) -> Option<&'static str> {
        self.config.is_none().then_some(
            "write one with `wecom-bridge check-config --example > wecom-bridge.toml`, fill it in, and name it with \
             --config or WECOM_BRIDGE_CONFIG",
        )
    }

    /// Reads the settings.
    pub(in crate::cli) fn load(&self) -> Result<Config, ConfigProblems> {
        // Names that are no UTF-8 are not ours. A value of ours that is none ends as a wrong value of its key.
        let env = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.to_string_lossy().into()))
        });
        Config::load(self.config.as_deref(), env)
    }
}

/// The corp that is named, or the only one.
pub(in crate::cli) fn one_corp<'c>(
    config: &'c Config,
    wanted: Option<&str>,
) -> anyhow::Result<&'c CorpId> {
    let mut corps = config.corps.iter().map(|corp| &corp.id);
    match wanted {
        Some(wanted) => corps
            .find(|corp| corp.as_str() == wanted)
            .context("--corp is not in the configuration"),
        None if config.corps.len() > 1 => bail!("there are several corps: name one with --corp"),
        None => corps.next().context("the configuration has no corp"),
    }
}

/// Opening an embedded store makes it, which is no use to who wants what is in it.
pub(in crate::cli) fn there_is_a_store(config: &Config) -> anyhow::Result<()> {
    match &config.store {
        StoreChoice::Embedded(path) if !path.exists() => bail!(
            "{}: there is no store; check `[store] url`, and from where the command is run",
            path.display()
        ),
        StoreChoice::Embedded(_) | StoreChoice::Redis(_) => Ok(()),
    }
}

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Exit {
    /// It did what it was asked for.
    Done,
    /// It could not.
    Failed,
    /// The command line or the configuration has to be changed first.
    Misused,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::from(0),
            Exit::Failed => Self::from(1),
            Exit::Misused => Self::from(2),
        }
    }
}

/// Runs the command that `args` name, the program's own name first.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version end here as well, with code 0.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let exit = match cli.command {
        Command::Serve(command) => within_runtime(command.run()),
        Command::Simulate(command) => within_runtime(command.run()),
        Command::Sync(command) => within_runtime(command.run()),
        Command::ForgetCustomer(command) => within_runtime(command.run()),
        Command::Backup(command) => within_runtime(command.run()),
        Command::Export(command) => within_runtime(command.run()),
        Command::Import(command) => within_runtime(command.run()),
        Command::Replay(command) => within_runtime(command.run()),
        Command::CheckConfig(command) => command.run(),
        Command::Doctor(command) => within_runtime(command.run()),
        Command::Healthcheck(command) => command.run(),
        Command::HashPassword(command) => command.run(),
        Command::Completions(command) => command.run(),
        Command::Man(command) => command.run(),
    };
    exit.into()
}

fn within_runtime(command: impl Future<Output = Exit>) -> Exit {
    match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime.block_on(command),
        Err(problem) => {
            complain(&format!("the asynchronous runtime cannot start: {problem}"));
            Exit::Failed
        }
    }
}

/// Writes a result to standard output. A reader that has left is no failure of the command.
pub(in crate::cli) fn say(text: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush());
}

/// Writes to standard error what stood in the way.
pub(in crate::cli) fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", text.trim_end());
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_says_what_it_does() {
        for command in Cli::command().get_subcommands() {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{}", argument.get_id());
            }
        }
    }
}
