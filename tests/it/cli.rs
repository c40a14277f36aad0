//! The command line, run as people run it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use wecom_bridge::model::password::PasswordHash;

const FILE: &str = r#"
public_url = "https://bridge.example.com"
store.url = "redis://:q7Zk@redis:6379"
[[corp]]
id = "ww1"
tenant_key = "team-1"
app = { agent_id = 1000002, secret = "q7ZkSecret" }
[[corp.receiver]]
name = "app"
token = "q7ZkToken"
aes_key = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
"#;

/// Runs the program with `FILE` and nothing else in its environment.
fn run(args: &[&str], env: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bridge.toml");
    std::fs::write(&file, FILE).unwrap();
    Command::new(env!("CARGO_BIN_EXE_wecom-bridge"))
        .args(args)
        .env_clear()
        .env("WECOM_BRIDGE_CONFIG", &file)
        .envs(env.iter().copied())
        .output()
        .unwrap()
}

/// Exit code, standard output, standard error.
fn outcome(args: &[&str], env: &[(&str, &str)]) -> (i32, String, String) {
    let output = run(args, env);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert!(!out.contains("q7Zk") && !err.contains("q7Zk"), "{out}{err}");
    (output.status.code().unwrap(), out, err)
}

#[test]
fn exit_codes_tell_done_from_misused() {
    let cases: [(&[&str], i32, &str); 7] = [
        (&["--version"], 0, "wecom-bridge "),
        (&["--help"], 0, "Exit codes:"),
        (&["check-config", "--help"], 0, "--config <FILE>"),
        (&["check-config", "--example"], 0, "public_url = "),
        (&[], 2, ""),
        (&["check-konfig"], 2, ""),
        (&["check-config", "--config", "/nowhere/x.toml"], 2, ""),
    ];
    for (args, code, out) in cases {
        let found = outcome(args, &[]);
        assert_eq!(found.0, code, "{args:?}: {found:?}");
        assert!(found.1.contains(out), "{args:?}: {found:?}");
        assert_eq!(found.2.is_empty(), code == 0, "{args:?}: {found:?}");
    }
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    for (shell, begins) in [
        ("bash", "_wecom__bridge()"),
        ("zsh", "#compdef"),
        ("fish", "#"),
    ] {
        let (code, out, err) = outcome(&["completions", shell], &[]);
        assert_eq!((code, err.as_str()), (0, ""), "{shell}");
        assert!(out.starts_with(begins), "{shell}: {out}");
        assert!(out.contains("forget-customer"), "{shell}");
    }
    let (code, page, _) = outcome(&["man"], &[]);
    assert_eq!(code, 0);
    assert!(page.contains(".TH wecom-bridge 1"), "{page}");
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man/man1");
    let (code, ..) = outcome(&["man", pages.to_str().unwrap()], &[]);
    assert_eq!(code, 0);
    for page in ["wecom-bridge.1", "wecom-bridge-forget-customer.1"] {
        assert!(pages.join(page).exists(), "{page}");
    }
}

#[test]
fn a_good_configuration_is_summed_up() {
    let (code, out, err) = outcome(&["check-config"], &[]);
    assert_eq!((code, err.as_str()), (0, ""));
    for part in [
        "ok\n",
        "https://bridge.example.com/callback/app ",
        "https://bridge.example.com/home?tenantKey=team-1",
        "receive id \"ww1\"",
        "store         redis\n",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    let (code, out, _) = outcome(&["check-config", "--json"], &[]);
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &answer["ok"]), (0, &Value::Bool(true)));
    assert_eq!(
        answer["config"]["corps"][0]["receivers"][0]["callback_url"],
        "https://bridge.example.com/callback/app"
    );
}

#[test]
fn every_problem_of_a_bad_configuration_is_told() {
    let env = [
        ("WECOM_BRIDGE_LOG__FORMAT", "q7Zk"),
        ("WECOM_BRIDGE_CORP__0__RECEIVER__0__AES_KEY", "q7Zk"),
    ];
    let (code, out, err) = outcome(&["check-config"], &env);
    assert_eq!((code, out.as_str()), (2, ""));
    assert_eq!(err.lines().count(), 2, "{err}");

    let (code, out, err) = outcome(&["check-config", "--json"], &env);
    assert_eq!((code, err.as_str()), (2, ""));
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(answer["ok"], false);
    assert_eq!(answer["problems"][0]["key"], "log.format");
    assert_eq!(answer["problems"][1]["key"], "corp[0].receiver[0].aes_key");
    assert_eq!(answer["problems"][1]["variable"], env[1].0);
}

#[test]
fn what_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let (store, copy) = (
        folder.path().join("data/s.redb"),
        folder.path().join("copy"),
    );
    let (url, copy) = (
        format!("embedded:{}", store.display()),
        copy.to_str().unwrap(),
    );
    // Nobody listens on a port that was free a moment ago.
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = free.local_addr().unwrap().to_string();
    drop(free);
    let env = [
        ("WECOM_BRIDGE_STORE__URL", url.as_str()),
        ("WECOM_BRIDGE_SERVER__LISTEN", listen.as_str()),
    ];
    let cases: [&[&str]; 4] = [
        &["backup", copy],
        &["export", copy],
        &["forget-customer", "wmCustomer1"],
        &["forget-customer", "wmCustomer1", "--dry-run"],
    ];
    for args in cases {
        let (code, out, err) = outcome(args, &env);
        assert_eq!((code, out.as_str()), (1, ""), "{args:?}: {err}");
        assert!(err.contains("s.redb: there is no store"), "{args:?}: {err}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn the_health_of_the_service_becomes_an_exit_code() {
    for (answer, code) in [("200 OK", 0), ("503 Service Unavailable", 1)] {
        let service = TcpListener::bind("127.0.0.1:0").unwrap();
        let listen = service.local_addr().unwrap().to_string();
        let serving = std::thread::spawn(move || {
            let (mut stream, _) = service.accept().unwrap();
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let first = lines.next();
            lines.find(String::is_empty);
            write!(stream, "HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n").unwrap();
            first
        });
        let found = outcome(
            &["healthcheck"],
            &[("WECOM_BRIDGE_SERVER__LISTEN", &listen)],
        );
        assert_eq!(found.0, code, "{found:?}");
        assert_eq!(
            serving.join().unwrap().as_deref(),
            Some("GET /healthz HTTP/1.1")
        );
        // The listener is closed by now.
        let found = outcome(
            &["healthcheck"],
            &[("WECOM_BRIDGE_SERVER__LISTEN", &listen)],
        );
        assert_eq!(found.0, 1, "{found:?}");
    }
}

#[test]
fn the_doctor_tells_one_line_a_check_and_an_exit_code() {
    let (code, out, err) = outcome(&["doctor"], &[("WECOM_BRIDGE_LOG__FORMAT", "q7Zk")]);
    assert_eq!((code, err.as_str()), (1, ""));
    let lines: Vec<_> = out.lines().collect();
    assert!(
        lines[0]
            .starts_with("fault    configuration: log.format (set by WECOM_BRIDGE_LOG__FORMAT)"),
        "{out}"
    );
    assert!(lines[0].contains(". To do: "), "{out}");
    assert_eq!(lines[1..], ["faults: 1, warnings: 0"]);

    // A closed port each, so that every check ends at once.
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let (url, listen) = (format!("http://{closed}"), closed.to_string());
    let env = [
        ("WECOM_BRIDGE_PUBLIC_URL", url.as_str()),
        ("WECOM_BRIDGE_WECOM__API_BASE", url.as_str()),
        (
            "WECOM_BRIDGE_STORE__URL",
            &format!("redis://:q7Zk@{closed}"),
        ),
        ("WECOM_BRIDGE_SERVER__LISTEN", &listen),
    ];
    let (code, out, err) = outcome(&["doctor", "--json", "--through", "public"], &env);
    assert_eq!((code, err.as_str()), (1, ""));
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(answer["ok"], false);
    let checks = answer["checks"].as_array().unwrap();
    let verdicts: Vec<_> = checks
        .iter()
        .map(|check| {
            (
                check["name"].as_str().unwrap(),
                check["verdict"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("configuration", "ok"),
        ("store", "fault"),
        ("service", "fault"),
        ("public URL", "fault"),
        ("app secret of ww1", "fault"),
        ("contact-sync secret of ww1", "ok"),
        ("clock", "warning"),
    ];
    assert_eq!(verdicts, expected);
}

#[test]
fn who_names_no_configuration_file_is_told_how_to_get_one() {
    for command in ["serve", "check-config", "healthcheck"] {
        let output = Command::new(env!("CARGO_BIN_EXE_wecom-bridge"))
            .arg(command)
            .env_clear()
            .output()
            .unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(err.contains("check-config --example"), "{command}: {err}");
    }
}

/// A port on which somebody else listens.
fn taken() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

#[test]
fn an_address_that_is_taken_is_named_with_what_to_change() {
    let (_listener, address) = taken();
    let folder = tempfile::tempdir().unwrap();
    let store = format!("embedded:{}", folder.path().join("a.redb").display());
    let env = [
        ("WECOM_BRIDGE_STORE__URL", store.as_str()),
        ("WECOM_BRIDGE_SERVER__LISTEN", &address),
    ];
    let cases: [(&[&str], &str); 3] = [
        (&["serve"], "choose another `server.listen`"),
        (
            &["simulate", "--wecom-listen=127.0.0.1:0", "--listen"],
            "choose another --listen",
        ),
        (
            &["simulate", "--listen=127.0.0.1:0", "--wecom-listen"],
            "choose another --wecom-listen",
        ),
    ];
    for (args, advice) in cases {
        let flagged = args.last().filter(|arg| arg.starts_with("--"));
        let value = flagged.map(|_| address.as_str());
        let args: Vec<_> = args.iter().copied().chain(value).collect();
        let (code, _, err) = outcome(&args, &env);
        assert_eq!(code, 1, "{args:?}: {err}");
        for part in [&address, "in use", advice] {
            assert!(err.contains(part), "{args:?}: {part}: {err}");
        }
    }
}

/// Exit code, what came of the story, standard error.
fn story(store: &str) -> (i32, Value, String) {
    let anywhere = ["--listen=127.0.0.1:0", "--wecom-listen=127.0.0.1:0"];
    let args = ["simulate", "--once", "--json", "--store", store];
    let (code, out, err) = outcome(&[&args[..], &anywhere[..]].concat(), &[]);
    let report = serde_json::from_str(&out);
    (code, report.unwrap_or_else(|_| panic!("{out}{err}")), err)
}

#[test]
fn the_story_of_the_simulation_checks_itself() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("embedded:{}", folder.path().join("a.redb").display());
    let (code, report, err) = story(&store);
    let steps = report["steps"].as_array().unwrap();
    for step in steps {
        assert_eq!(step["state"], "done", "{step}: {err}");
        assert!(!step["open"].as_array().unwrap().is_empty(), "{step}");
    }
    assert_eq!((code, steps.len()), (0, 13), "{err}");
    let sent = report["sent"].as_array().unwrap().iter();
    let sent: Vec<_> = sent.map(|sent| (&sent["what"], &sent["text"])).collect();
    let expected = [
        ("card", "王女士提交了表单"),
        ("card", "王女士发表了评论"),
        ("card changed", "王女士发表了评论"),
        ("chat message", "新办公室启用 · 计划"),
    ];
    for (what, text) in expected {
        let (what, text) = (json!(what), json!(text));
        assert!(sent.contains(&(&what, &text)), "{what} {text}: {sent:?}");
    }
    for what in ["welcome message", "template message"] {
        assert!(sent.iter().any(|sent| sent.0 == what), "{what}: {sent:?}");
    }

    // On the same store nobody is told a second time of 李先生.
    let (code, report, err) = story(&store);
    let states = report["steps"].as_array().unwrap().iter();
    let states: Vec<_> = states.map(|step| &step["state"]).collect();
    assert_eq!(
        states[..3],
        ["done", "failed", "not_played"],
        "{report} {err}"
    );
    assert_eq!(code, 1);
    assert!(err.contains("a step did not happen"), "{err}");
}

#[test]
fn a_level_that_would_silence_the_log_is_refused() {
    let (code, _, err) = outcome(&["simulate", "--once", "--log", "loud"], &[]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("is no log filter"), "{err}");
}

#[test]
fn a_replay_that_cannot_begin_says_what_to_change() {
    let (listener, closed) = taken();
    drop(listener);
    let env = [("WECOM_BRIDGE_SERVER__LISTEN", closed.as_str())];
    let url = format!("http://{closed}/callback/app does not answer");
    let empty = tempfile::tempdir().unwrap();
    let empty = empty.path().to_str().unwrap();
    let nothing = format!("no .xml file in {empty}");
    let file = "Cargo.toml";
    let cases: [(&[&str], i32, &[&str]); 5] = [
        (&[file], 1, &[&url, "start the service"]),
        (
            &["--receiver=q7", file],
            1,
            &["no such receiver", "but app"],
        ),
        (
            &["--to=localhost:8080", file],
            2,
            &["http://127.0.0.1:8080"],
        ),
        (&["nowhere.xml"], 1, &["cannot read nowhere.xml"]),
        (&[empty], 1, &[&nothing]),
    ];
    for (args, expected, parts) in cases {
        let args: Vec<_> = ["replay"].iter().chain(args).copied().collect();
        let (code, out, err) = outcome(&args, &env);
        assert_eq!((code, out.as_str()), (expected, ""), "{args:?}: {err}");
        for part in parts {
            assert!(err.contains(part), "{args:?}: {part}: {err}");
        }
    }
}

#[test]
fn a_refused_replay_names_the_likely_reason_and_a_few_files() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b", "c", "d", "e"] {
        std::fs::write(folder.path().join(name).with_extension("xml"), "<xml/>").unwrap();
    }
    let (service, listen) = taken();
    let serving = std::thread::spawn(move || {
        for _ in 0..10 {
            let (mut stream, _) = service.accept().unwrap();
            let mut request = BufReader::new(&stream);
            let mut length = 0;
            loop {
                let mut line = String::new();
                request.read_line(&mut line).unwrap();
                if let Some(said) = line.strip_prefix("content-length: ") {
                    length = said.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            request.take(length).read_to_end(&mut Vec::new()).unwrap();
            let head = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close";
            write!(stream, "{head}\r\n\r\n").unwrap();
        }
    });
    let env = [("WECOM_BRIDGE_SERVER__LISTEN", listen.as_str())];
    let path = folder.path().to_str().unwrap();
    let (code, out, err) = outcome(&["replay", path], &env);
    assert_eq!((code, err.as_str()), (1, ""));
    let expected = format!(
        "5 sent, 0 accepted\n5 not accepted: 404 (the service has no such receiver): \
         {path}/a.xml, {path}/b.xml, {path}/c.xml and 2 more\n"
    );
    assert_eq!(out, expected);

    let (_, out, _) = outcome(&["replay", "--json", path], &env);
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(answer["refused"]["404"].as_array().unwrap().len(), 5);
    serving.join().unwrap();
}
#[test]
fn a_password_is_hashed_and_never_repeated() {
    let hash = |password: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_wecom-bridge"))
            .arg("hash-password")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(password.as_bytes()).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    };
    let (code, out, err) = hash("correct horse battery\r\n");
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let made = PasswordHash::parse(out.trim_end()).unwrap();
    assert!(made.matches("correct horse battery"));
    for bad in ["", "\n", "too short\n", &"x".repeat(2000)] {
        let (code, out, err) = hash(bad);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{bad:?}");
        assert!(err.contains("12 characters") && !err.contains("too short"));
    }
}
