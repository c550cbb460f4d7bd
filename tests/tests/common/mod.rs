//! What several browser tests do.
#![allow(dead_code, reason = "each test uses some of it")]

use anyhow::{Result, bail};
use docimo_tests::Browser;

/// Says yes to the confirmation that a form asked for.
pub async fn confirm(browser: &Browser) -> Result<()> {
    browser.click("dialog[open] .btn:not(.btn--quiet):not([data-close])").await
}

/// Answers by name, through the page of the paper, for whatever it meets: its questions are taken again on purpose.
pub async fn answer_hazards(browser: &Browser, reason: &str) -> Result<()> {
    browser.find("#risques").await?;
    if browser.all("#risques input[name=all]").await?.is_empty() {
        return Ok(());
    }
    browser.click("#risques input[name=all]").await?;
    browser.fill("#derogation", reason).await?;
    browser.click("#risques button[type=submit]").await?;
    browser.wait_text("main", "Vous répondez de").await
}

/// axe-core finds nothing on the page as it is.
pub async fn no_violation(browser: &Browser, page: &str) -> Result<()> {
    let violations = browser.axe().await?;
    if violations.is_empty() { Ok(()) } else { bail!("{page}: {}", violations.join("\n")) }
}

/// No script failed and no policy was broken.
pub async fn no_console_errors(browser: &Browser) -> Result<()> {
    let errors = browser.console_errors().await?;
    if errors.is_empty() { Ok(()) } else { bail!("console: {}", errors.join("\n")) }
}

/// At two widths: nothing overflows, axe finds nothing; a picture where pictures are asked for.
pub async fn look(browser: &Browser, name: &str) -> Result<()> {
    browser.find("h1").await?;
    for width in [1280, 390] {
        browser.size(width, 900).await?;
        no_violation(browser, &format!("{name} at {width}")).await?;
        let over = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        if browser.script(over).await?.as_i64().unwrap_or(0) > 0 {
            let wide = "return [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > \
                        document.documentElement.clientWidth + 1 && !e.closest('.table-wrap')).slice(0, 8).map(e => e.outerHTML.slice(0, 90))";
            bail!("{name} overflows at {width}: {}", browser.script(wide).await?);
        }
        browser.picture(&format!("{name}-{width}")).await?;
    }
    browser.size(1280, 900).await
}
