//! Debian's Chromium through `chromedriver`, as far as the stories need it. What a story looks for may take a while to
//! appear: the driver itself waits for it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD as STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

/// How often an element may be replaced between being found and being asked.
const REPLACED_MAX: usize = 10;

/// What has not appeared by then never will.
const PATIENCE: Duration = Duration::from_secs(20);

/// The key under which the protocol carries an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A program of its own, gone with the test.
struct Driver {
    child: Child,
    port: u16,
    /// Kept open, so that the driver never writes into nothing.
    _output: BufReader<ChildStdout>,
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Asked to, it closes the browser first. One that does not answer takes the browser along when it is killed: the
        // two hang together by a pipe.
        if self.shut_down().is_err() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

impl Driver {
    /// Starts one that keeps its files in this folder.
    fn start(folder: &TempDir) -> Self {
        let mut child = Command::new("chromedriver")
            .args(["--port=0", "--log-level=SEVERE"])
            .env("TMPDIR", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts: `make test` installs it");
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut lines = output.by_ref().lines().map_while(Result::ok);
        let port = lines.find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        });
        let port = port.expect("chromedriver tells its port");
        Self {
            child,
            port,
            _output: output,
        }
    }

    fn base(&self) -> Url {
        Url::parse(&format!("http://127.0.0.1:{}/", self.port)).unwrap()
    }

    fn shut_down(&self) -> io::Result<()> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")?;
        stream.read_exact(&mut [0; 12])
    }
}

/// A script that runs before those of every page.
pub(crate) struct Played(Value);

/// One browser with one window in front.
pub(crate) struct Browser {
    http: reqwest::Client,
    session: Url,
    _driver: Driver,
    _folder: TempDir,
}

impl Browser {
    /// Starts one that knows nobody and reaches nothing but this machine.
    pub(crate) async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let driver = Driver::start(&folder);
        let data = format!("--user-data-dir={}", folder.path().display());
        let args = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--remote-debugging-pipe",
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
            &data,
        ];
        let wanted = json!({
            "browserName": "chrome",
            "goog:chromeOptions": { "args": args },
            "goog:loggingPrefs": { "browser": "ALL" },
            "timeouts": { "implicit": PATIENCE.as_millis() as u64 },
        });
        // It fails when another test was first, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let session = driver.base().join("session").unwrap();
        let new = json!({ "capabilities": { "alwaysMatch": wanted } });
        let new = answer(http.post(session).json(&new)).await.unwrap();
        let id = new["sessionId"].as_str().unwrap();
        let session = driver.base().join(&format!("session/{id}/")).unwrap();
        Self {
            http,
            session,
            _driver: driver,
            _folder: folder,
        }
    }

    /// Forgets who anybody is.
    pub(crate) async fn forget(&self) {
        self.chromium("Network.clearBrowserCookies", json!({}))
            .await;
    }

    /// Has no network from now on.
    pub(crate) async fn go_offline(&self) {
        self.network(true).await;
    }

    /// Has one again.
    pub(crate) async fn go_online(&self) {
        self.network(false).await;
    }

    async fn network(&self, offline: bool) {
        let unlimited = -1;
        let conditions = json!({ "offline": offline, "latency": 0,
            "downloadThroughput": unlimited, "uploadThroughput": unlimited });
        self.chromium("Network.enable", json!({})).await;
        self.chromium("Network.emulateNetworkConditions", conditions)
            .await;
    }

    /// A phone's or a desktop's window.
    pub(crate) async fn size(&self, width: u32, height: u32) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.chromium("Emulation.setDeviceMetricsOverride", size)
            .await;
    }

    pub(crate) async fn open(&self, url: impl AsRef<str>) {
        self.post("url", json!({ "url": url.as_ref() })).await;
    }

    pub(crate) async fn reload(&self) {
        self.post("refresh", json!({})).await;
    }

    pub(crate) async fn url(&self) -> Url {
        Url::parse(self.get("url").await.as_str().unwrap()).unwrap()
    }

    /// Waits for the first element that this CSS selector finds, and tells its text.
    pub(crate) async fn text(&self, css: &str) -> String {
        let text = self.of_element(css, "text", None).await;
        text.as_str().unwrap().to_owned()
    }

    /// Waits until this text stands somewhere on the page.
    pub(crate) async fn sees(&self, text: &str) {
        let by_text = format!("//*[text()[contains(., '{text}')]]");
        self.find("xpath", &by_text).await;
    }

    /// Waits for the element and clicks it.
    pub(crate) async fn click(&self, css: &str) {
        self.of_element(css, "click", Some(json!({}))).await;
    }

    /// Waits for the field and types into it, after what stands there.
    pub(crate) async fn type_into(&self, css: &str, text: &str) {
        let keys = json!({ "text": text });
        self.of_element(css, "value", Some(keys)).await;
    }

    /// Keeps pictures of the whole page, light and dark, in the folder that `WECOM_BRIDGE_PICTURES` names; without one,
    /// none.
    pub(crate) async fn keep_picture(&self, name: &str) {
        if let Some(folder) = std::env::var_os("WECOM_BRIDGE_PICTURES") {
            self.put_pictures(folder.as_ref(), name).await;
        }
    }

    /// Leaves such pictures behind in any case: without a folder of that name, in `pictures` below the one that Cargo
    /// has for what tests leave.
    pub(crate) async fn leave_picture(&self, name: &str) {
        let folder = std::env::var_os("WECOM_BRIDGE_PICTURES");
        let of_tests = || Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures");
        let folder = folder.map_or_else(of_tests, Into::into);
        std::fs::create_dir_all(&folder).unwrap();
        self.put_pictures(&folder, name).await;
    }

    async fn put_pictures(&self, folder: &Path, name: &str) {
        for scheme in ["light", "dark"] {
            let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
            let media = json!({ "features": [feature] });
            self.chromium("Emulation.setEmulatedMedia", media).await;
            let whole = json!({ "captureBeyondViewport": true });
            let picture = self.chromium("Page.captureScreenshot", whole).await;
            let picture = STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
            let path = folder.join(format!("{name}-{scheme}.png"));
            std::fs::write(path, picture).unwrap();
        }
        let as_usual = json!({ "features": [] });
        self.chromium("Emulation.setEmulatedMedia", as_usual).await;
    }

    /// Clicks what sends a form, and waits for the page that comes of it.
    pub(crate) async fn submit(&self, css: &str) {
        self.script("document.body.dataset.left = ''").await;
        self.click(css).await;
        self.find("css selector", "body:not([data-left])").await;
    }

    /// Clicks what opens a window of its own, and looks at that one from now on.
    pub(crate) async fn click_into_new_window(&self, css: &str) {
        let before = self.windows().await;
        self.click(css).await;
        let started = Instant::now();
        loop {
            let mut windows = self.windows().await;
            windows.retain(|window| !before.contains(window));
            if let Some(window) = windows.pop() {
                self.post("window", json!({ "handle": window })).await;
                return;
            }
            assert!(started.elapsed() < PATIENCE, "{css} opens no window");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Looks into a frame.
    pub(crate) async fn enter_frame(&self, css: &str) {
        let found = self.find("css selector", css).await;
        self.post("frame", json!({ "id": { ELEMENT: found } }))
            .await;
    }

    /// Looks at the whole page again.
    pub(crate) async fn leave_frames(&self) {
        self.post("frame", json!({ "id": null })).await;
    }

    /// The value of a function's body.
    pub(crate) async fn script(&self, body: &str) -> Value {
        self.post("execute/sync", json!({ "script": body, "args": [] }))
            .await
    }

    /// Whether the page needs no scrolling sideways, even with letters of twice the size.
    pub(crate) async fn fits_its_width(&self) -> bool {
        let grown = "document.documentElement.style.fontSize = '200%';
            return document.documentElement.scrollWidth <= innerWidth";
        self.script(grown).await == true
    }

    /// Runs a script before those of every page, and passes for WeCom's client from now on.
    pub(crate) async fn play_client(&self, script: &str) -> Played {
        let agent = json!({ "userAgent": "Mozilla/5.0 wxwork/4.1.30 MicroMessenger/7.0.1" });
        self.chromium("Emulation.setUserAgentOverride", agent).await;
        let source = json!({ "source": script });
        Played(
            self.chromium("Page.addScriptToEvaluateOnNewDocument", source)
                .await,
        )
    }

    /// Is a plain browser again.
    pub(crate) async fn stop_playing(&self, Played(script): Played) {
        self.chromium("Page.removeScriptToEvaluateOnNewDocument", script)
            .await;
        self.chromium("Emulation.setUserAgentOverride", json!({ "userAgent": "" }))
            .await;
    }

    /// What the console has said since the last look: errors of scripts, of loading, and of the content security policy.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let log = self.post("se/log", json!({ "type": "browser" })).await;
        let messages = log.as_array().unwrap().iter();
        messages
            .map(|entry| entry["message"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn windows(&self) -> Vec<String> {
        serde_json::from_value(self.get("window/handles").await).unwrap()
    }

    async fn chromium(&self, cmd: &str, params: Value) -> Value {
        let command = json!({ "cmd": cmd, "params": params });
        self.post("goog/cdp/execute", command).await
    }

    /// Asks something of the first element that this selector finds; anew when a script has put another in its place
    /// between the two.
    async fn of_element(&self, css: &str, command: &str, body: Option<Value>) -> Value {
        for _ in 0..REPLACED_MAX {
            let found = self.find("css selector", css).await;
            let at = self.at(&format!("element/{found}/{command}"));
            let request = match &body {
                Some(body) => self.http.post(at).json(body),
                None => self.http.get(at),
            };
            match answer(request).await {
                Err(problem) if problem.contains("stale element reference") => {}
                result => return result.expect(css),
            }
        }
        panic!("{css} is replaced again and again");
    }

    async fn find(&self, using: &str, value: &str) -> String {
        let wanted = json!({ "using": using, "value": value });
        let request = self.http.post(self.at("element")).json(&wanted);
        match answer(request).await {
            Ok(found) => found[ELEMENT].as_str().unwrap().to_owned(),
            Err(problem) => {
                let shown = self.script("return document.body.innerText").await;
                panic!(
                    "{value}: {problem}; the page {} shows {shown}",
                    self.url().await
                );
            }
        }
    }

    async fn get(&self, command: &str) -> Value {
        answer(self.http.get(self.at(command)))
            .await
            .expect(command)
    }

    async fn post(&self, command: &str, body: Value) -> Value {
        let request = self.http.post(self.at(command)).json(&body);
        answer(request).await.expect(command)
    }

    fn at(&self, command: &str) -> Url {
        self.session.join(command).unwrap()
    }
}

/// The value, or what went wrong.
async fn answer(request: reqwest::RequestBuilder) -> Result<Value, String> {
    let answer = request.send().await.expect("the driver answers");
    let good = answer.status().is_success();
    let mut body: Value = answer.json().await.expect("the driver speaks JSON");
    if good {
        Ok(body["value"].take())
    } else {
        Err(body["value"]["error"].to_string())
    }
}
