//! Tests in Rust, one file for each part they are about.

mod comlink;
mod drills;
mod durable;
mod export;
mod harness;
mod memory;
mod panel_axe;
mod panel_input;
mod panel_replay;
mod panel_window;
mod profiler;
mod recording;
mod rust_app;
mod starting;
mod tour;
mod tour_setups;

use std::sync::Arc;

use atelier_tests::Lab;
use libtest_mimic::Trial;

/// All of them.
pub(crate) fn trials(lab: &Arc<Lab>) -> Vec<Trial> {
    let mut trials = vec![
        lab.trial("harness::a_page_reaches_its_own_receiver", harness::reaches_receiver),
        lab.trial("harness::a_visitor_can_click_and_choose_files", harness::clicks_and_files),
        lab.trial("harness::what_a_page_says_is_heard", harness::console_is_heard),
        lab.trial("rust_app::counts_on_all_workers", rust_app::counts),
        lab.trial("rust_app::a_count_is_cancelled_by_its_key", rust_app::cancels_a_count),
        lab.trial("rust_app::a_search_finds_or_hears_that_it_is_cancelled", rust_app::searches),
        lab.trial("rust_app::a_handler_knows_its_call_and_returns_bytes", rust_app::looks_at_calls),
        lab.trial("rust_app::errors_reach_the_page", rust_app::shows_errors),
        lab.trial("rust_app::a_panic_ends_a_worker_and_no_more", rust_app::survives_panics),
        lab.trial(
            "rust_app::what_the_runtime_says_is_in_the_console_when_asked_for",
            rust_app::says_in_console,
        ),
        lab.trial("starting::a_policy_without_wasm_is_named", starting::says_what_the_policy_lacks),
        lab.trial("starting::trusted_types_take_workers_of_a_policy", starting::takes_workers_of_a_policy),
        lab.trial("memory::signals_that_nobody_uses_go_and_others_stay", memory::signals),
        lab.trial("memory::calls_outlive_everything_they_were_made_with", memory::calls),
        lab.trial(
            "panel_input::above_a_modal_dialog_it_is_pressed_and_typed_in",
            panel_input::above_a_dialog,
        ),
        lab.trial("panel_input::it_is_above_fullscreen", panel_input::above_a_fullscreen_element),
        lab.trial("panel_input::a_press_in_it_closes_no_menu_of_the_page", panel_input::beside_a_menu),
        lab.trial("panel_input::nothing_of_it_is_on_paper", panel_input::on_paper),
        lab.trial("panel_input::it_leaves_nothing_behind", panel_input::again_and_again),
        lab.trial(
            "panel_window::it_shows_the_calls_with_an_event_loop_of_its_own",
            panel_window::shows_calls,
        ),
        lab.trial("panel_window::it_shows_events_once_they_are_asked_for", panel_window::shows_events),
        lab.trial("panel_window::a_closed_window_ends_the_stream", panel_window::closes),
        lab.trial("panel_window::it_outlives_the_page_and_goes_on", panel_window::outlives_the_page),
        lab.trial("panel_window::a_refused_window_is_told", panel_window::is_refused),
        lab.trial("panel_window::it_opens_where_scripts_are_trusted_by_a_nonce", panel_window::by_nonce),
        lab.trial("panel_window::it_shows_what_keeps_the_page_busy", panel_window::shows_long_tasks),
        lab.trial("panel_replay::what_the_button_records_is_shown_moment_by_moment", panel_replay::moments),
        lab.trial(
            "panel_replay::a_file_is_dropped_onto_another_page_and_without_an_app",
            panel_replay::elsewhere,
        ),
        lab.trial("panel_replay::it_is_saved_for_perfetto", panel_replay::perfetto),
        lab.trial("panel_replay::bad_files_are_told_and_the_panel_lives", panel_replay::bad_files),
        lab.trial("panel_replay::a_window_of_its_own_records_the_page", panel_replay::in_a_window),
        lab.trial("panel_replay::an_open_recording_goes_where_the_panel_goes", panel_replay::goes_along),
        lab.trial("profiler::a_recording_has_the_tracks_and_their_times", profiler::tracks),
        lab.trial("recording::holds_what_a_listener_heard_one_for_one", recording::everything),
        lab.trial("recording::holds_handlers_spans_black_boxes_and_frames", recording::the_rest),
        lab.trial("recording::keeps_within_its_bytes_and_counts_what_went", recording::too_much),
        lab.trial("recording::is_of_one_runtime_and_may_be_one_of_several", recording::one_of_two),
        lab.trial("tour::all_samples_are_processed_and_everyone_tells_the_same", tour::samples),
        lab.trial("tour::a_malformed_photograph_fails_alone", tour::malformed),
        lab.trial("tour::one_is_cancelled_then_all", tour::cancel),
        lab.trial("tour::nothing_runs_out_of_the_page", tour::looks),
        lab.trial("tour_setups::the_linter_finds_what_is_bad_on_purpose", tour_setups::bad),
        lab.trial("tour_setups::the_linter_finds_nothing_in_the_good_setup", tour_setups::good),
        lab.trial("tour_setups::a_visitor_chooses_the_setup", tour_setups::chosen),
    ];
    if panel_axe::is_there(lab.project()) {
        trials.push(lab.trial("panel_axe::it_finds_nothing_serious", panel_axe::finds_nothing_serious));
    }
    if comlink::is_there(lab.project()) {
        trials.push(lab.trial("comlink::workers_written_for_it_run_unchanged", comlink::serves));
        trials.push(lab.trial("comlink::both_protocols_leave_each_other_alone", comlink::shares));
    }
    trials.extend(drills::trials(lab));
    trials.extend(durable::trials(lab));
    trials.extend(export::trials(lab));
    trials
}
