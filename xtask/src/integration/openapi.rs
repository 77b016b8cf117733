//! The description of the API, linted by redocly, and held against the sandbox of each release by schemathesis.

use xshell::cmd;

use super::packages::{npm, pip};
use super::process::directory;
use super::sandbox;
use crate::r#gen::openapi::{self, RELEASES};
use crate::util::{Outcome, shell};

const REDOCLY: &str = "1.34.5";
const SCHEMATHESIS: &str = "schemathesis==4.32.5";

/// What a response is checked for. That the sandbox has failures of its own, as the server has, is no difference.
const CHECKS: &str = "status_code_conformance,content_type_conformance,response_schema_conformance";

pub(crate) fn run() -> Outcome {
    let place = directory("openapi")?;
    let shell = shell()?;
    if !npm(&place, "@redocly/cli", REDOCLY)? {
        return Ok(());
    }
    let redocly = place.join("node_modules/.bin/redocly");
    cmd!(shell, "{redocly} lint --config docs/redocly.yaml docs/openapi.yaml").run()?;
    let Some(programs) = pip(&place, "schemathesis", &[SCHEMATHESIS])? else { return Ok(()) };
    let schemathesis = programs.join("st");
    sandbox::build()?;
    let descriptions = place.join("descriptions");
    openapi::write(&descriptions)?;
    for (release, ..) in RELEASES {
        let description = descriptions.join(format!("{release}.json"));
        cmd!(shell, "{redocly} lint --config docs/redocly.yaml {description}").run()?;
        let (server, settings) = sandbox::start(release, &place)?;
        let url = settings["base_url"].as_str().unwrap_or_default();
        let token = sandbox::token(&settings)?;
        eprintln!("== schemathesis against the sandbox as {release}");
        // Which bytes of an invalid id reach Optimize is a matter of the web stack, and no description has it.
        for (paths, mode) in [("--exclude-path-regex", "all"), ("--include-path-regex", "positive")] {
            cmd!(
                shell,
                "{schemathesis} run {description} --url {url} --checks {CHECKS} --max-examples 20 --seed 1 --no-color"
            )
            .args(["--mode", mode, paths, r"\{id\}"])
            .args(["--header", &format!("Authorization: Bearer {token}")])
            .quiet()
            .run()?;
        }
        drop(server);
    }
    Ok(())
}
