//! Rules about what travels between page and workers: `payload-cloned`, `main-thread-blocked`.

use super::advice::{Advice, count, ms};
use super::kinds::FindingKind;
use super::view::View;
use super::window::DEFAULT_LASTING_SECONDS;
use crate::frame::Finding;

/// So many bytes copied in vain in the last seconds are worth a finding; fewer take less than a millisecond.
pub const DEFAULT_COPIED_BYTES: f64 = 1024.0 * 1024.0;

/// A single call that copies may do so for a reason; so many in the last seconds do so by habit.
pub const DEFAULT_COPIED_CALLS: u64 = 2;

/// An answer that is under way for longer than this, in seconds, was kept waiting: as long as a task of the main thread
/// may take before it counts as long (W3C Long Tasks API).
pub const DEFAULT_LATE_REPLY_SECONDS: f64 = 0.05;

/// Fewer late answers than this say nothing about the others.
pub const DEFAULT_LATE_REPLIES: u64 = 3;

/// For so many of the last seconds answers must have been kept waiting (the longest of each second, added up), unless it
/// is a third of all answers that were; and in two seconds at least.
pub const DEFAULT_BLOCKED_SECONDS: f64 = 0.4;

pub(super) fn payload_cloned(view: &View<'_>) -> Option<Finding> {
    let (calls, bytes) = (view.lately.copied_calls, view.lately.copied_bytes);
    if calls < DEFAULT_COPIED_CALLS || bytes < DEFAULT_COPIED_BYTES {
        return None;
    }
    Some(
        Advice {
            kind: FindingKind::PayloadCloned,
            message: format!(
                "In the last {:.1} s, {} of '{}' copied {:.1} MiB in buffers that could have been moved.",
                view.seconds,
                count(calls, "payload"),
                view.name_with(view.watch.copied_method.as_ref()),
                bytes / 1024.0 / 1024.0,
            ),
            evidence: &[
                ("copiedPayloads", calls as f64),
                ("copiedBytes", bytes),
                ("windowMs", ms(view.seconds)),
            ],
            fix: "Leave out with({ transfer }) and with({ transferResult: false }), so that buffers move by themselves, or name all of them in transfer.".to_owned(),
        }
        .about(view),
    )
}

/// The main thread is everybody's: answers of all tasks count together.
pub(super) fn main_thread_blocked(views: &[View<'_>]) -> Option<Finding> {
    let mut longest = [0.0_f64; DEFAULT_LASTING_SECONDS as usize + 1];
    for view in views {
        for (place, second) in longest.iter_mut().zip(view.each_second()) {
            *place = place.max(second.longest_reply);
        }
    }
    let late: Vec<f64> = longest.into_iter().filter(|&reply| reply >= DEFAULT_LATE_REPLY_SECONDS).collect();
    let blocked: f64 = late.iter().sum();
    let replies: u64 = views.iter().map(|view| view.lately.replies).sum();
    let late_replies: u64 = views.iter().map(|view| view.lately.late_replies).sum();
    let are_most_late = late_replies >= DEFAULT_LATE_REPLIES && late_replies * 3 >= replies;
    if late.len() < 2 || (blocked < DEFAULT_BLOCKED_SECONDS && !are_most_late) {
        return None;
    }
    let seconds = views.first()?.seconds;
    let longest = late.into_iter().fold(0.0, f64::max);
    Some(
        Advice {
            kind: FindingKind::MainThreadBlocked,
            message: format!(
                "In the last {seconds:.1} s, {late_replies} of {} were read late, by up to {} ms: the page's main thread was busy.",
                count(replies, "answer"),
                ms(longest)
            ),
            evidence: &[
                ("lateReplies", late_replies as f64),
                ("replies", replies as f64),
                ("longestReplyMs", ms(longest)),
                ("blockedMs", ms(blocked)),
                ("windowMs", ms(seconds)),
            ],
            fix: "Do less at a time on the main thread (move work into a task, split it with scheduler.yield()), and return less from handlers.".to_owned(),
        }
        .about_the_page(),
    )
}
