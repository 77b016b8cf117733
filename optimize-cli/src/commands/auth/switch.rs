use clap::Args;

use crate::app::App;
use crate::config::{self, SANDBOX_PROFILE, UserFile};
use crate::error::CliError;
use crate::output::Outcome;
use crate::prompt::Terminal;
use crate::suggest::suggest;

/// Choose the default profile
#[derive(Args, Debug)]
pub(crate) struct Switch {
    /// The name of the profile; without it, a list to choose from
    #[arg(value_name = "PROFILE")]
    name: Option<String>,
}

impl Switch {
    pub(crate) fn run(self, app: &App) -> Result<Outcome, CliError> {
        app.only_for_people("switch the profile")?;
        let mut known = config::user_profiles(&app.environment)?;
        known.push(SANDBOX_PROFILE.to_owned());
        let profile = match self.name {
            Some(profile) => profile,
            None if app.is_interactive() => {
                let names: Vec<_> = known.iter().map(String::as_str).collect();
                known[Terminal::open()?.choose("Which profile?", &names)?].clone()
            }
            None => return Err(CliError::usage("switch the profile: no name is given").with_hint("optimize auth list")),
        };
        if !known.contains(&profile) {
            let problem =
                format!("switch to the profile `{}`: it is not in your configuration", profile.escape_debug());
            let error = CliError::config(problem).with_hint("optimize auth login sets one up");
            return Err(suggest(error, &profile, known.iter().map(String::as_str)));
        }
        let mut file = UserFile::open(&app.environment)?;
        file.set_default_profile(&profile);
        let path = file.save()?;
        app.printer.remark(&format!("the profile `{profile}` is used by default now, as set in {}", path.display()));
        Ok(Outcome::Done)
    }
}
