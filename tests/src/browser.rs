//! The real browser: Chromium, driven through chromedriver.

use crate::given;
use anyhow::{Context, Result, bail};
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longest wait for something to appear. A machine at work is slow; nothing here measures speed.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// One window with its own profile.
pub struct Browser {
    driver: Child,
    port: u16,
    profile: TempDir,
    chromium: PathBuf,
    client: Option<Client>,
    /// Errors of the console read so far.
    errors: std::sync::Mutex<Vec<String>>,
}

/// A command that is chromedriver's own.
#[derive(Debug)]
struct Vendor {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Vendor {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}

impl Browser {
    /// Opens a window; `None` where the browser is absent.
    pub async fn open() -> Result<Option<Self>> {
        let (Some(chromium), Some(driver)) = (given("DOCIMO_TEST_CHROMIUM"), given("DOCIMO_TEST_CHROMEDRIVER")) else {
            return Ok(None);
        };
        let mut driver = Command::new(driver).arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let out = driver.stdout.take().context("chromedriver says nothing")?;
        let mut lines = BufReader::new(out).lines();
        let port = loop {
            let line = lines.next().context("chromedriver stopped")??;
            if let Some(port) = line.split("successfully on port ").nth(1) {
                break port.trim_end_matches('.').trim().parse().context("chromedriver's port")?;
            }
        };
        std::thread::spawn(move || lines.for_each(drop));
        let mut browser =
            Self { driver, port, profile: TempDir::new()?, chromium, client: None, errors: Default::default() };
        browser.connect().await?;
        Ok(Some(browser))
    }

    async fn connect(&mut self) -> Result<()> {
        let profile = format!("--user-data-dir={}", self.profile.path().display());
        let capabilities = json!({
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"binary": self.chromium, "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
                "--disable-background-networking", "--disable-component-update", "--disable-sync", "--lang=fr",
                "--window-size=1280,900", profile]}
        });
        let Value::Object(capabilities) = capabilities else { bail!("capabilities") };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{}", self.port))
            .await?;
        self.client = Some(client);
        Ok(())
    }

    /// The WebDriver session.
    pub fn client(&self) -> Result<&Client> {
        self.client.as_ref().context("the browser was killed")
    }

    /// Goes to a page.
    pub async fn goto(&self, url: &str) -> Result<()> {
        Ok(self.client()?.goto(url).await?)
    }

    /// Waits for an element.
    pub async fn find(&self, css: &str) -> Result<Element> {
        let wait = self.client()?.wait().at_most(PATIENCE).every(Duration::from_millis(50));
        match wait.for_element(Locator::Css(css)).await {
            Ok(element) => Ok(element),
            Err(error) => Err(error).with_context(|| format!("no {css}")).context(self.page_says().await),
        }
    }

    /// Waits for an element found by XPath, and clicks it.
    pub async fn click_xpath(&self, xpath: &str) -> Result<()> {
        let start = Instant::now();
        loop {
            let tried = match self.client()?.find(Locator::XPath(xpath)).await {
                Ok(element) => {
                    self.centre(&element).await;
                    element.click().await
                }
                Err(error) => Err(error),
            };
            match tried {
                Ok(()) => return Ok(()),
                Err(error) if start.elapsed() > PATIENCE => {
                    return Err(error).with_context(|| format!("cannot click {xpath}")).context(self.page_says().await);
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    /// Scrolls an element to the middle, clear of bars that stay in place.
    async fn centre(&self, element: &Element) {
        if let (Ok(client), Ok(target)) = (self.client(), serde_json::to_value(element)) {
            let _ = client.execute("arguments[0].scrollIntoView({block: 'center'})", vec![target]).await;
        }
    }

    /// Address and text of the page, for the message of a test that fails.
    async fn page_says(&self) -> String {
        let Ok(client) = self.client() else { return String::new() };
        let script = "return location.pathname + ': ' + document.body.innerText.slice(0, 1500)";
        let said = client.execute(script, vec![]).await.unwrap_or_default();
        said.as_str().unwrap_or_default().to_owned()
    }

    /// Every element that matches now.
    pub async fn all(&self, css: &str) -> Result<Vec<Element>> {
        Ok(self.client()?.find_all(Locator::Css(css)).await?)
    }

    /// Clicks, scrolling to it first.
    pub async fn click(&self, css: &str) -> Result<()> {
        let start = Instant::now();
        loop {
            let element = self.find(css).await?;
            self.centre(&element).await;
            let tried = match element.click().await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if start.elapsed() > PATIENCE {
                return Err(tried).with_context(|| format!("cannot click {css}"));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Replaces what a field holds.
    pub async fn fill(&self, css: &str, text: &str) -> Result<()> {
        let field = self.find(css).await?;
        field.clear().await?;
        Ok(field.send_keys(text).await?)
    }

    /// Text of an element.
    pub async fn text(&self, css: &str) -> Result<String> {
        Ok(self.find(css).await?.text().await?)
    }

    /// Waits until an element's text holds `wanted`.
    pub async fn wait_text(&self, css: &str, wanted: &str) -> Result<()> {
        self.wait_for(&format!("« {wanted} » in {css}"), async || {
            // Spaces are of many kinds in French: one is as good as another here.
            let plain = |t: &str| t.replace(['\u{a0}', '\u{202f}'], " ");
            Ok(self.texts(css).await?.iter().any(|t| plain(t).contains(&plain(wanted))))
        })
        .await
    }

    /// Texts of every element that matches, as shown, or "" for those that went away meanwhile.
    pub async fn texts(&self, css: &str) -> Result<Vec<String>> {
        let mut texts = Vec::new();
        for element in self.all(css).await? {
            texts.push(element.text().await.unwrap_or_default());
        }
        Ok(texts)
    }

    /// Waits until a condition holds.
    pub async fn wait_for(&self, what: &str, mut holds: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
        let start = Instant::now();
        while !holds().await? {
            if start.elapsed() > PATIENCE {
                bail!("waited in vain for {what}; {}", self.page_says().await);
            }
            tokio::time::sleep(Duration::from_millis(80)).await;
        }
        Ok(())
    }

    /// Presses keys one after the other on whatever has the focus: "a", or a WebDriver key code.
    pub async fn press(&self, keys: &[char]) -> Result<()> {
        let mut actions = KeyActions::new("keyboard".into());
        for key in keys {
            actions = actions.then(KeyAction::Down { value: *key }).then(KeyAction::Up { value: *key });
        }
        self.client()?.perform_actions(actions).await?;
        Ok(())
    }

    /// Presses Tab until the focused element matches, as someone without a mouse does.
    pub async fn tab_to(&self, css: &str) -> Result<()> {
        let script = "return !!document.activeElement && document.activeElement.matches(arguments[0])";
        for _ in 0..120 {
            if self.client()?.execute(script, vec![json!(css)]).await? == json!(true) {
                return Ok(());
            }
            self.press(&['\u{e004}']).await?;
        }
        bail!("Tab never reaches {css}")
    }

    /// Runs a script; its value.
    pub async fn script(&self, script: &str) -> Result<Value> {
        Ok(self.client()?.execute(script, vec![]).await?)
    }

    /// Signs in through the page, unless this browser already is.
    pub async fn sign_in(&self, base: &str, login: &str, password: &str) -> Result<()> {
        self.goto(&format!("{base}/connexion")).await?;
        if !self.all(".site-header .menu").await?.is_empty() {
            return Ok(());
        }
        self.fill("input[name=login]", login).await?;
        self.fill("input[name=password]", password).await?;
        self.click("main form button[type=submit]").await?;
        self.find(".site-header .menu").await?;
        Ok(())
    }

    /// Window size; under 500 px wide only an emulated screen is that narrow.
    pub async fn size(&self, width: u32, height: u32) -> Result<()> {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await
    }

    /// Dark or light.
    pub async fn dark(&self, dark: bool) -> Result<()> {
        let value = if dark { "dark" } else { "light" };
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": value}]});
        self.devtools("Emulation.setEmulatedMedia", media).await
    }

    /// Cuts the network, or gives it back.
    pub async fn offline(&self, offline: bool) -> Result<()> {
        let conditions = json!({"network_conditions": {"offline": offline, "latency": 0, "throughput": -1}});
        self.vendor("chromium/network_conditions", conditions).await.map(drop)
    }

    /// Writes what is downloaded into a folder, without asking.
    pub async fn downloads_to(&self, folder: &Path) -> Result<()> {
        let how = json!({"behavior": "allow", "downloadPath": folder.display().to_string()});
        self.devtools("Browser.setDownloadBehavior", how).await
    }

    /// Runs a script in every page that is opened from now on, before the page's own.
    pub async fn before_pages(&self, script: &str) -> Result<()> {
        self.devtools("Page.addScriptToEvaluateOnNewDocument", json!({"source": script})).await
    }

    async fn devtools(&self, command: &str, parameters: Value) -> Result<()> {
        self.vendor("goog/cdp/execute", json!({"cmd": command, "params": parameters})).await.map(drop)
    }

    async fn vendor(&self, path: &'static str, body: Value) -> Result<Value> {
        Ok(self.client()?.issue_cmd(Vendor { path, body }).await?)
    }

    /// Errors of the console since the last call: scripts that failed, policies broken. Answers that the
    /// network or the server refused on purpose are the tests' business, not errors of the page.
    pub async fn console_errors(&self) -> Result<Vec<String>> {
        self.read_console(true).await?;
        Ok(std::mem::take(&mut *self.errors.lock().map_err(|_| anyhow::anyhow!("poisoned"))?))
    }

    async fn read_console(&self, keep: bool) -> Result<()> {
        let log = self.vendor("se/log", json!({"type": "browser"})).await?;
        let lines = log.as_array().cloned().unwrap_or_default();
        if keep {
            let told = lines
                .iter()
                .filter(|l| l["level"] == "SEVERE")
                .filter_map(|l| l["message"].as_str().map(str::to_owned))
                .filter(|m| !m.contains("Failed to load resource") && !m.contains("net::ERR_"));
            self.errors.lock().map_err(|_| anyhow::anyhow!("poisoned"))?.extend(told);
        }
        Ok(())
    }

    /// Violations that axe-core finds on the page as it is.
    pub async fn axe(&self) -> Result<Vec<String>> {
        let Some(path) = given("DOCIMO_TEST_AXE") else { return Ok(Vec::new()) };
        let source = std::fs::read_to_string(path)?;
        self.read_console(true).await?;
        let client = self.client()?;
        client.execute(&source, vec![]).await?;
        // A colour on its way from one theme to the other is nobody's: what moves is brought to its end first.
        let run = "const done = arguments[arguments.length - 1];
            for (const moving of document.getAnimations()) if (moving.effect?.getComputedTiming().endTime < Infinity) moving.finish();
            axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']}).then(r => done(
              r.violations.map(v => v.id + ': ' + v.help + ' → ' + v.nodes.map(n => n.target.join(' ') + ' ' + n.html.slice(0, 160)).join(' | '))),
              e => done(['axe failed: ' + e]))";
        let found = client.execute_async(run, vec![]).await?;
        // axe-core itself tries inline styles: what the policy says of it is not about the page.
        self.read_console(false).await?;
        Ok(serde_json::from_value(found)?)
    }

    /// Writes the window as a picture.
    pub async fn screenshot(&self, path: &Path) -> Result<()> {
        Ok(std::fs::write(path, self.client()?.screenshot().await?)?)
    }

    /// Writes a picture of the README, when pictures are asked for.
    pub async fn picture(&self, name: &str) -> Result<()> {
        if let Some(folder) = std::env::var_os("DOCIMO_SHOTS_DIR") {
            self.screenshot(&Path::new(&folder).join(format!("{name}.png"))).await?;
        }
        Ok(())
    }

    /// Kills the browser as a crash would, and opens it again with the same profile.
    pub async fn crash_and_reopen(&mut self) -> Result<()> {
        let client = self.client.take().context("already killed")?;
        let id = client.capabilities().and_then(|c| c.get("goog:processID").and_then(Value::as_u64));
        let pid = id.map_or_else(|| self.browser_pid(), |id| Ok(id.to_string()))?;
        Command::new("kill").args(["-9", &pid]).status()?;
        tokio::time::sleep(Duration::from_millis(500)).await;
        for lock in ["SingletonLock", "SingletonCookie", "SingletonSocket"] {
            let _ = std::fs::remove_file(self.profile.path().join(lock));
        }
        drop(client);
        self.connect().await
    }

    /// The browser's main process: the one with our profile and no `--type`.
    fn browser_pid(&self) -> Result<String> {
        let profile = self.profile.path().display().to_string();
        for entry in std::fs::read_dir("/proc")?.flatten() {
            let Ok(line) = std::fs::read_to_string(entry.path().join("cmdline")) else { continue };
            if line.contains(&profile) && !line.contains("--type=") && line.contains("chrom") {
                return Ok(entry.file_name().to_string_lossy().into_owned());
            }
        }
        bail!("no browser process")
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Ok(pid) = self.browser_pid() {
            let _ = Command::new("kill").args(["-9", &pid]).status();
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
