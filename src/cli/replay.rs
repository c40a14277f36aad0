//! `replay`: stored events in again at the front door, signed and sealed as WeCom does it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use url::Url;

use crate::app::caller;
use crate::callback::{self, SealedRequest};
use crate::cli::{ConfigArgs, Exit, complain, say};
use crate::clock::Clock;
use crate::config::{Config, Corp, Receiver};
use crate::model::time::Timestamp;

/// WeCom itself gives up after this long.
const PATIENCE: Duration = Duration::from_secs(5);

/// Posts files with the decrypted XML of events to the callback URL, sealed with the receiver's own keys.
///
/// A folder stands for all .xml files below it. The service recognises what it had before and answers 200 without doing
/// anything; with --fresh every event gets the time of now and is a new one.
#[derive(Debug, Args)]
pub(in crate::cli) struct Replay {
    #[command(flatten)]
    config: ConfigArgs,

    /// Files and folders with decrypted XML, such as fixtures/callbacks.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Where the service is reached. Default: its configured listen address.
    #[arg(long, value_name = "URL", value_parser = address)]
    to: Option<Url>,

    /// The receiver whose callback URL and keys are used. Default: the first one in the configuration.
    #[arg(long, value_name = "NAME")]
    receiver: Option<String>,

    /// Put the time of now into every event.
    #[arg(long)]
    fresh: bool,

    /// Print the summary as JSON.
    #[arg(long)]
    json: bool,
}

/// No more files than this are named for one answer; --json names all.
const NAMED: usize = 3;

/// What came of it.
#[derive(Debug, Default, Serialize)]
struct Summary {
    sent: usize,
    accepted: usize,
    refused: BTreeMap<String, Vec<String>>,
}

impl Replay {
    pub(in crate::cli) async fn run(self) -> Exit {
        let config = match self.config.load_or_complain() {
            Ok(config) => config,
            Err(exit) => return exit,
        };
        match self.replay(&config).await {
            Ok(summary) => {
                self.tell(&summary);
                if summary.accepted == summary.sent {
                    Exit::Done
                } else {
                    Exit::Failed
                }
            }
            Err(problem) => {
                complain(&format!("{problem:#}"));
                Exit::Failed
            }
        }
    }

    async fn replay(&self, config: &Config) -> anyhow::Result<Summary> {
        let receiver = self.receiver(config)?;
        let base = match &self.to {
            Some(base) => base.clone(),
            None => Url::parse(&format!("http://{}", caller::local(config.listen)))?,
        };
        let url = base.join(&format!("callback/{}", receiver.name))?;
        let files = files(&self.paths)?;
        let client = caller::client(PATIENCE).context("no HTTP client")?;
        let bar = ProgressBar::new(files.len() as u64).with_style(ProgressStyle::with_template(
            "{bar:32} {pos}/{len} {per_sec} {wide_msg}",
        )?);
        let mut summary = Summary::default();
        for file in &files {
            bar.set_message(file.display().to_string());
            let xml = std::fs::read_to_string(file)
                .with_context(|| format!("cannot read {}", file.display()))?;
            let now = Clock::system().now();
            let xml = if self.fresh { at(&xml, now) } else { xml };
            let answer = match post(&client, &url, seal(receiver, &xml, now)?).await {
                Ok(status) => status.to_string(),
                Err(problem) if summary.sent == 0 => {
                    bail!(
                        "{url} does not answer: {problem}; start the service, or name it with --to"
                    )
                }
                Err(problem) => problem,
            };
            summary.sent += 1;
            match answer.as_str() {
                "200" => summary.accepted += 1,
                _ => summary
                    .refused
                    .entry(answer)
                    .or_default()
                    .push(file.display().to_string()),
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(summary)
    }

    fn receiver<'a>(&self, config: &'a Config) -> anyhow::Result<&'a Receiver> {
        let mut receivers = config.corps.iter().flat_map(Corp::all_receivers);

        let names = receivers.clone().map(|receiver| receiver.name.as_str());
        let known = names.collect::<Vec<_>>().join(", ");
        let found = match &self.receiver {
            None => receivers.next(),
            Some(name) => receivers.find(|receiver| receiver.name.as_str() == name),
        };
        found.with_context(|| format!("the configuration has no such receiver, but {known}"))
    }

    fn tell(&self, summary: &Summary) {
        if self.json {
            say(&serde_json::to_string(summary).unwrap_or_default());
            return;
        }
        say(&format!(
            "{} sent, {} accepted",
            summary.sent, summary.accepted
        ));
        for (answer, files) in &summary.refused {
            let named = files.iter().take(NAMED).map(String::as_str);
            let mut named = named.collect::<Vec<_>>().join(", ");
            if files.len() > NAMED {
                named.push_str(&format!(" and {} more", files.len() - NAMED));
            }
            let answer = in_words(answer);
            say(&format!("{} not accepted: {answer}: {named}", files.len()));
        }
    }
}

fn address(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if url.has_host() && matches!(url.scheme(), "http" | "https") => Ok(url),
        Ok(_) | Err(_) => Err("write an address such as http://127.0.0.1:8080".into()),
    }
}

/// The service keeps its reasons to its log; these are the likely ones.
fn in_words(answer: &str) -> &str {
    match answer {
        "400" => "400 (no XML or JSON of an event, or something on the way changes the query)",
        "403" => "403 (the service has another token, key or receive id)",
        "404" => "404 (the service has no such receiver)",
        "413" => "413 (larger than the service accepts)",
        "503" => "503 (the service's store does not answer)",
        other => other,
    }
}

/// All files that the paths stand for, in order of their names.
fn files(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            let mut below = Vec::new();
            collect(path, &mut below)?;
            below.sort();
            found.extend(below);
        } else {
            found.push(path.clone());
        }
    }
    if found.is_empty() {
        let paths: Vec<_> = paths
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        bail!("no .xml file in {}", paths.join(", "));
    }
    Ok(found)
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "xml") {
            found.push(path);
        }
    }
    Ok(())
}

/// The event with this time in it.
fn at(xml: &str, now: Timestamp) -> String {
    let (open, close) = ("<CreateTime>", "</CreateTime>");
    match xml
        .split_once(open)
        .and_then(|(head, rest)| Some((head, rest.split_once(close)?.1)))
    {
        Some((head, tail)) => format!("{head}{open}{}{close}{tail}", now.secs()),
        None => xml.to_owned(),
    }
}

fn seal(receiver: &Receiver, xml: &str, now: Timestamp) -> anyhow::Result<SealedRequest> {
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random)
        .map_err(|_| anyhow::anyhow!("the system gives no random numbers"))?;
    let nonce = u64::from_be_bytes(random[..8].try_into()?).to_string();
    let receive_id = receiver.receive_ids.first().map_or("", String::as_str);
    Ok(callback::seal(
        &receiver.keys,
        receive_id,
        xml.as_bytes(),
        now,
        &nonce,
        random,
    ))
}

/// The status, or why there is none.
async fn post(client: &reqwest::Client, url: &Url, request: SealedRequest) -> Result<u16, String> {
    let mut url = url.clone();
    url.set_query(Some(&request.query));
    let answer = caller::ask(client.post(url).body(request.body)).await?;
    Ok(answer.status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_event_differs_in_its_time_alone() {
        let now = Timestamp::from_secs(1_800_000_000);
        assert_eq!(
            at("<xml><CreateTime>1</CreateTime><A>2</A></xml>", now),
            "<xml><CreateTime>1800000000</CreateTime><A>2</A></xml>"
        );
        assert_eq!(at("<xml><A>2</A></xml>", now), "<xml><A>2</A></xml>");
    }
}
