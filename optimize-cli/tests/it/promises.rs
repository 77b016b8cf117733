//! What the command line promises, a module for each kind. `docs/dev/promises.md` lists the tests.

mod data_loss;
mod files;
mod interrupts;
mod limits;
mod processes;
mod programs;
mod secrets;
mod terminal_text;
mod transport;
mod trust;
