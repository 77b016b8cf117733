//! Questions to the person at the terminal.

use std::io::{self, BufRead, BufReader, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use crate::error::CliError;
use crate::text::visible;

/// The terminal, whatever standard input and output are.
pub(crate) struct Terminal {
    lines: BufReader<std::fs::File>,
    screen: std::fs::File,
}

impl Terminal {
    /// Fails where there is no terminal.
    pub(crate) fn open() -> Result<Self, CliError> {
        let open = || {
            let screen = std::fs::File::options().read(true).write(true).open("/dev/tty")?;
            io::Result::Ok(Self { lines: BufReader::new(screen.try_clone()?), screen })
        };
        open().map_err(|_| {
            CliError::usage("cannot ask: there is no terminal")
                .stating()
                .with_hint("set the values in the configuration or the environment")
        })
    }

    /// An answer, or the default if the answer is empty. Asks again until there is one.
    pub(crate) fn ask(&mut self, question: &str, default: Option<&str>) -> Result<String, CliError> {
        let shown = default.filter(|default| !default.is_empty()).map(|default| format!(" [{default}]"));
        let shown = shown.unwrap_or_default();
        loop {
            let answer = self.line(&visible(&format!("{question}{shown}: ")))?;
            match (answer.trim(), default) {
                ("", Some(default)) => return Ok(default.to_owned()),
                ("", None) => {}
                (answer, _) => return Ok(answer.to_owned()),
            }
        }
    }

    /// One of several, by its number.
    pub(crate) fn choose(&mut self, question: &str, choices: &[&str]) -> Result<usize, CliError> {
        let listed =
            choices.iter().enumerate().map(|(index, choice)| format!("  {}. {}\n", index + 1, visible(choice)));
        self.say(&format!("{}\n{}", visible(question), listed.collect::<String>()))?;
        loop {
            let answer = self.line(&format!("Number, 1 to {}: ", choices.len()))?;
            if let Some(number) =
                answer.trim().parse::<usize>().ok().filter(|number| (1..=choices.len()).contains(number))
            {
                return Ok(number - 1);
            }
        }
    }

    /// A secret, which is not shown while it is typed.
    pub(crate) fn ask_secret(&mut self, question: &str) -> Result<SecretString, CliError> {
        loop {
            let silence = Silence::begin(&self.screen)?;
            let answer = self.line(&visible(&format!("{question} (not shown): ")));
            drop(silence);
            self.say("\n")?;
            let answer = answer?;
            if !answer.trim().is_empty() {
                return Ok(SecretString::from(answer.as_str()));
            }
        }
    }

    /// Whether the answer is yes; no by default.
    pub(crate) fn agrees(&mut self, question: &str) -> Result<bool, CliError> {
        let answer = self.ask(&format!("{question} [y/N]"), Some(""))?;
        Ok(matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes"))
    }

    /// A line on the terminal.
    pub(crate) fn print(&mut self, text: &str) -> Result<(), CliError> {
        self.say(&format!("{}\n", visible(text)))
    }

    fn say(&mut self, text: &str) -> Result<(), CliError> {
        let said = self.screen.write_all(text.as_bytes()).and_then(|()| self.screen.flush());
        said.map_err(|error| CliError::io("write to the terminal", error))
    }

    fn line(&mut self, question: &str) -> Result<Zeroizing<String>, CliError> {
        self.say(question)?;
        let mut line = Zeroizing::new(String::with_capacity(4096));
        IS_ASKING.store(true, Ordering::Relaxed);
        let read = self.lines.read_line(&mut line);
        IS_ASKING.store(false, Ordering::Relaxed);
        match read {
            Ok(0) => Err(CliError::interrupted()),
            Ok(_) => Ok(Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned())),
            Err(error) => Err(CliError::io("read from the terminal", error)),
        }
    }
}

/// Whether the program waits for an answer, so that there is nothing to clean up.
static IS_ASKING: AtomicBool = AtomicBool::new(false);

pub(crate) fn is_asking() -> bool {
    IS_ASKING.load(Ordering::Relaxed)
}

/// Puts the terminal back as it was before a secret was asked for, for a program that ends in the middle of it.
pub(crate) fn restore() {
    silence::restore();
}

use silence::Silence;

#[cfg(unix)]
mod silence {
    use std::fs::File;
    use std::sync::{Mutex, PoisonError};

    use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

    use crate::error::CliError;

    /// Stands for no key at all.
    const NO_KEY: u8 = if cfg!(target_os = "linux") { 0 } else { 0xff };

    /// How the terminal was, while it does not show what is typed.
    static BEFORE: Mutex<Option<(File, Termios)>> = Mutex::new(None);

    /// The terminal shows nothing while this lives.
    pub(super) struct Silence;

    impl Silence {
        pub(super) fn begin(terminal: &File) -> Result<Self, CliError> {
            let failed = |error: rustix::io::Errno| CliError::io("hide what is typed", error.into());
            let before = tcgetattr(terminal).map_err(failed)?;
            let mut quiet = before.clone();
            quiet.local_modes.remove(LocalModes::ECHO);
            // A program that is stopped or dumped by a key would leave the terminal as it is now.
            for key in [SpecialCodeIndex::VSUSP, SpecialCodeIndex::VQUIT] {
                quiet.special_codes[key] = NO_KEY;
            }
            let handle = terminal.try_clone().map_err(|error| CliError::io("hide what is typed", error))?;
            *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some((handle, before));
            tcsetattr(terminal, OptionalActions::Flush, &quiet).map_err(failed)?;
            Ok(Self)
        }
    }

    impl Drop for Silence {
        fn drop(&mut self) {
            restore();
        }
    }

    pub(super) fn restore() {
        if let Some((terminal, before)) = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // The terminal may be gone; then there is nothing to put back.
            let _ = tcsetattr(terminal, OptionalActions::Now, &before);
        }
    }
}

#[cfg(not(unix))]
mod silence {
    use std::fs::File;

    use crate::error::CliError;

    pub(super) struct Silence;

    impl Silence {
        pub(super) fn begin(_: &File) -> Result<Self, CliError> {
            Err(CliError::usage("ask for a secret: that is not possible on this system")
                .with_hint("set OPTIMIZE_CLIENT_SECRET or pass --client-secret-file FILE"))
        }
    }

    pub(super) fn restore() {}
}
