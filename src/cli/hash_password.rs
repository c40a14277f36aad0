//! `hash-password`: an administrator's password as the configuration takes it.

use std::io::{self, BufRead, IsTerminal};

use clap::Args;
use zeroize::Zeroizing;

use crate::cli::{Exit, complain, say};
use crate::model::password::PasswordHash;

/// Shorter ones are guessed.
const MIN_CHARS: usize = 12;

/// The admin page takes no longer ones.
const MAX_BYTES: usize = 1024;

/// Asks for an administrator's password and prints its argon2id hash for `[admin] password_hash`.
///
/// Reads one line from standard input where that is no terminal.
#[derive(Debug, Args)]
pub(in crate::cli) struct HashPassword {}

impl HashPassword {
    #[expect(clippy::unused_self, reason = "every command is run in the same way")]
    pub(in crate::cli) fn run(&self) -> Exit {
        let password = match ask() {
            Ok(password) => password,
            Err(problem) => {
                complain(&format!("the password cannot be read: {problem}"));
                return Exit::Failed;
            }
        };
        if password.chars().count() < MIN_CHARS || password.len() > MAX_BYTES {
            complain("a password has 12 characters or more, and at most 1024 bytes");
            return Exit::Misused;
        }
        match PasswordHash::of(&password) {
            Ok(hash) => {
                say(hash.expose());
                Exit::Done
            }
            Err(problem) => {
                complain(&format!("the password cannot be hashed: {problem}"));
                Exit::Failed
            }
        }
    }
}

/// From a terminal twice, without showing it.
fn ask() -> io::Result<Zeroizing<String>> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        let mut line = Zeroizing::new(String::new());
        io::Read::take(stdin.lock(), MAX_BYTES as u64 + 2).read_line(&mut line)?;
        let end = line.trim_end_matches(['\r', '\n']).len();
        line.truncate(end);
        return Ok(line);
    }
    let once = Zeroizing::new(rpassword::prompt_password("Password: ")?);
    let again = Zeroizing::new(rpassword::prompt_password("Once more: ")?);
    if once == again {
        Ok(once)
    } else {
        Err(io::Error::other("the two differ"))
    }
}
