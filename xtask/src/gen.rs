//! Pages of the documentation that are generated, so that they cannot tell what is not so.

mod bars;

use crate::util::Outcome;

pub(crate) fn run(check: bool) -> Outcome {
    bars::run(check)
}
