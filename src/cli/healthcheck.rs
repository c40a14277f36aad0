//! `healthcheck`: asks the service on this machine whether it is alive. For containers, which have no other client.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use clap::Args;

use crate::app::caller::local;
use crate::cli::{ConfigArgs, Exit, complain, say};

/// A service that needs longer for this is not well.
const PATIENCE: Duration = Duration::from_secs(3);

/// No status line that counts is longer.
const STATUS_BYTES: u64 = 64;

/// Asks the service that runs here with this configuration whether it is alive.
#[derive(Debug, Args)]
pub(in crate::cli) struct Healthcheck {
    #[command(flatten)]
    config: ConfigArgs,
}

impl Healthcheck {
    /// Never ends as misused: container engines know only 0 and 1 here.
    pub(in crate::cli) fn run(&self) -> Exit {
        let listen = match self.config.load() {
            Ok(config) => config.listen,
            Err(problems) => {
                self.config.complain_of(&problems);
                return Exit::Failed;
            }
        };
        match ask(local(listen)) {
            Ok(status) if status.starts_with("HTTP/1.1 200 ") => {
                say("ok");
                Exit::Done
            }
            Ok(status) => {
                complain(&format!("{listen} answered {:?}", status.trim_end()));
                Exit::Failed
            }
            Err(error) => {
                complain(&format!("{listen} did not answer: {error}"));
                Exit::Failed
            }
        }
    }
}

fn ask(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut status = String::new();
    BufReader::new(stream.take(STATUS_BYTES)).read_line(&mut status)?;
    Ok(status)
}
