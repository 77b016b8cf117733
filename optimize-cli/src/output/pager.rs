//! A program that shows long output screen by screen.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::env_vars::{Environment, LESS, PAGERS, PATH, TERM};
use crate::ownership::{self, Unsafe};
use crate::signal;

/// A pager that runs. It is waited for when this is dropped.
pub(crate) struct Pager {
    child: Child,
    input: Option<BufWriter<ChildStdin>>,
}

impl Pager {
    /// Starts the person's pager, or `less`. `None` where nobody could use it, or where it is not there.
    pub(super) fn start(environment: &Environment) -> Option<Self> {
        let is_usable = environment.raw(TERM).is_some_and(|term| !term.is_empty() && term != "dumb");
        if !is_usable || !io::stdin().is_terminal() {
            return None;
        }
        let chosen = PAGERS.iter().find_map(|name| environment.raw(name));
        let words = shlex::split(chosen.map_or("less", |chosen| chosen.to_str().unwrap_or_default()))?;
        let (program, arguments) = words.split_first()?;
        if program == "cat" {
            return None;
        }
        let program = match find(program, environment) {
            Ok(program) => program?,
            Err(problem) => {
                tracing::warn!("the pager {program} is not used: {problem}");
                return None;
            }
        };
        let mut command = Command::new(program);
        command.args(arguments).env_clear().envs(environment.without_secrets()).stdin(Stdio::piped());
        if environment.raw(LESS).is_none() {
            // End at once if all fits the screen, pass colours on, leave the text where it is.
            command.env(LESS, "FRX");
        }
        let mut child = command.spawn().ok()?;
        let input = child.stdin.take().map(|input| BufWriter::with_capacity(1 << 16, input));
        signal::leave_to_pager(true);
        Some(Self { child, input })
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.flush()
    }
}

/// The program of a pager: a path, or a name that is looked for in the absolute directories of the search path. `None` if it
/// is not there.
fn find(program: &str, environment: &Environment) -> Result<Option<PathBuf>, Unsafe> {
    let directories =
        environment.raw(PATH).map(|path| std::env::split_paths(path).collect::<Vec<_>>()).unwrap_or_default();
    let candidates: Vec<_> = if program.contains('/') {
        vec![PathBuf::from(program)]
    } else {
        directories
            .into_iter()
            .filter(|directory| directory.is_absolute())
            .map(|directory| directory.join(program))
            .collect()
    };
    let Some(found) = candidates.into_iter().find(|candidate| candidate.is_file()) else { return Ok(None) };
    ownership::check_program(&found).map(|()| Some(found))
}

impl Write for Pager {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.input.as_mut().map_or(Ok(bytes.len()), |input| input.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.input.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for Pager {
    fn drop(&mut self) {
        self.input = None;
        // The person reads on; how the pager ends does not matter.
        let _ = self.child.wait();
        signal::leave_to_pager(false);
    }
}
