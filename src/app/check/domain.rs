//! The files by which WeCom sees whose domain this is (`WW_verify_*.txt`, path/90315): are they served?

use futures_util::future::join_all;
use reqwest::Client;

use crate::app::caller::ask;
use crate::app::check::Check;
use crate::app::check::callback::Base;
use crate::config::Config;
use crate::wecom::codes::APP;

/// One line a file, or one that there is none.
pub(in crate::app::check) async fn check(
    client: &Client,
    base: &Base,
    config: &Config,
) -> Vec<Check> {
    if config.verify_files.is_empty() {
        let seen =
            "none is configured; when the console asks for one, it goes into `server.verify_files`";
        return vec![Check::ok("verification file", seen)];
    }
    let files = config.verify_files.iter();
    join_all(files.map(|(name, text)| file(client, base, name, text))).await
}

async fn file(client: &Client, base: &Base, file: &str, text: &str) -> Check {
    let name = format!("verification file {file}");
    let mut url = base.url().clone();
    url.set_path(file);
    let shown = url.to_string();
    let seen = match ask(client.get(url)).await {
        Ok(answer) if answer.status != 200 => {
            format!("{shown} answers HTTP status {}", answer.status)
        }
        Ok(answer) if String::from_utf8_lossy(&answer.body).trim() == text.trim() => {
            return Check::ok(name, format!("{shown} is served"));
        }
        Ok(_) => format!("{shown} answers something else than what is configured"),
        Err(problem) => format!("{shown}: {problem}"),
    };
    let advice = format!(
        "let the reverse proxy pass /{file} on, and restart the service when the file was configured after its start; \
         then {APP} → 网页授权及JS-SDK → 可信域名"
    );
    Check::fault(name, seen, advice)
}
