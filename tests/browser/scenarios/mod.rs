//! Tests in Rust, one file for each part they are about.

mod harness;
mod tour;

use std::sync::Arc;

use atelier_tests::Lab;
use libtest_mimic::Trial;

/// All of them.
pub(crate) fn trials(lab: &Arc<Lab>) -> Vec<Trial> {
    vec![
        lab.trial("harness::a_page_reaches_its_own_receiver", harness::reaches_receiver),
        lab.trial("harness::a_visitor_can_click_and_choose_files", harness::clicks_and_files),
        lab.trial("harness::what_a_page_says_is_heard", harness::console_is_heard),
        lab.trial("tour::all_samples_are_processed_and_everyone_tells_the_same", tour::samples),
        lab.trial("tour::a_malformed_photograph_fails_alone", tour::malformed),
        lab.trial("tour::one_is_cancelled_then_all", tour::cancel),
        lab.trial("tour::nothing_runs_out_of_the_page", tour::looks),
    ]
}
