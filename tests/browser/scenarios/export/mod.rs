//! Export from a page to receivers that misbehave and to a real collector.

mod collector;
mod faults;
mod printed;
mod rotel;
mod run;
mod table;

use std::sync::Arc;

use atelier_tests::Lab;
use libtest_mimic::Trial;

/// All of them.
pub(crate) fn trials(lab: &Arc<Lab>) -> Vec<Trial> {
    let mut trials = faults::trials(lab);
    trials.extend([
        lab.trial("export_collector::it_has_what_the_page_says", collector::cumulative),
        lab.trial("export_collector::it_has_it_in_intervals", collector::delta),
    ]);
    trials
}
