//! `man`: the manual pages.

use std::path::{Path, PathBuf};
use std::{fs, io};

use clap::{Args, CommandFactory};

use crate::cli::{Cli, Exit, complain, say};

/// Print the manual page, or write the pages of all commands into a folder.
///
/// To install them: wecom-bridge man /usr/local/share/man/man1
#[derive(Debug, Args)]
pub(in crate::cli) struct Man {
    /// Where the pages of all commands are written; it is made if it is not there.
    folder: Option<PathBuf>,
}

impl Man {
    pub(in crate::cli) fn run(&self) -> Exit {
        let written = match &self.folder {
            Some(folder) => write_into(folder),
            None => print(),
        };
        match written {
            Ok(()) => Exit::Done,
            Err(problem) => {
                complain(&format!("the manual pages cannot be written: {problem}"));
                Exit::Failed
            }
        }
    }
}

fn write_into(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    clap_mangen::generate_to(Cli::command(), folder)
}

fn print() -> io::Result<()> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    say(String::from_utf8_lossy(&page).trim_end());
    Ok(())
}
