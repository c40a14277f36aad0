//! `completions`: what a shell needs to complete commands and options.

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use crate::cli::{Cli, Exit, say};

/// Print completions for a shell.
///
/// For bash: wecom-bridge completions bash > /etc/bash_completion.d/wecom-bridge
#[derive(Debug, Args)]
pub(in crate::cli) struct Completions {
    /// For which shell.
    shell: Shell,
}

impl Completions {
    pub(in crate::cli) fn run(&self) -> Exit {
        let mut script = Vec::new();
        generate(self.shell, &mut Cli::command(), "wecom-bridge", &mut script);
        say(String::from_utf8_lossy(&script).trim_end());
        Exit::Done
    }
}
