//! What the workers do. The attribute writes the dispatch table for the worker and `NumbersClient` for the page.

use std::cell::Cell;

use atelier_runtime::worker::{Context, next_turn};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use tracing::field::Empty;
use tracing::{Instrument, Span};

/// Numbers a search looks at before it lets its worker hear whether it was cancelled: some milliseconds.
const NUMBERS_A_TURN: u32 = 20_000;

/// The handlers. Each worker has its own, for as long as it lives.
#[derive(Default)]
pub struct Numbers {
    searches_stopped: Cell<u32>,
}

/// A call, as its handler sees it.
#[derive(Serialize, Deserialize)]
pub struct Caller {
    /// Its id, unique in its runtime.
    pub call_id: String,
    /// Its cancellation key.
    pub key: Option<String>,
    /// Its place in its trace.
    pub traceparent: Option<String>,
    /// Whether it is cancelled.
    pub aborted: bool,
}

/// Why a handler failed. The page gets the type's name and what it displays.
#[derive(Debug, thiserror::Error)]
pub enum NumberError {
    /// The range holds nothing.
    #[error("there is no number from {from} up to {to}")]
    EmptyRange {
        /// Its first number.
        from: u32,
        /// The first one beyond it.
        to: u32,
    },
    /// Every number divides zero.
    #[error("zero has no prime factors")]
    NoFactors,
    /// The call was cancelled while the handler was at this number.
    #[error("stopped at {0}")]
    Stopped(u32),
}

#[atelier_runtime::handlers]
impl Numbers {
    /// How many primes there are from `from` up to, but without, `to`.
    pub fn count_primes(&self, from: u32, to: u32) -> Result<u32, NumberError> {
        if from >= to {
            return Err(NumberError::EmptyRange { from, to });
        }
        Ok((from..to).filter(|&number| is_prime(number)).count() as u32)
    }

    /// The first prime after which there is no other for at least `gap` numbers. Stops when it is cancelled.
    pub async fn find_gap(&self, gap: u32, context: Context) -> Result<Option<u32>, NumberError> {
        let mut last = 2;
        for number in 3..u32::MAX {
            if is_prime(number) {
                if number - last >= gap {
                    return Ok(Some(last));
                }
                last = number;
            }
            if number % NUMBERS_A_TURN == 0 {
                next_turn().await;
                if context.signal().aborted() {
                    self.searches_stopped.set(self.searches_stopped.get() + 1);
                    return Err(NumberError::Stopped(number));
                }
            }
        }
        Ok(None)
    }

    /// The prime factors of a number, the smallest first. Its steps are `tracing` spans: on the page, and at a collector,
    /// they hang beneath the call's own, where it is sampled.
    #[tracing::instrument(skip(self), err)]
    pub async fn factors(&self, number: u32) -> Result<Vec<u32>, NumberError> {
        if number == 0 {
            return Err(NumberError::NoFactors);
        }
        let (mut rest, mut factors) = (number, Vec::new());
        while rest > 1 {
            let step = tracing::info_span!("smallest_factor", of = rest, found = Empty);
            let factor = smallest_factor(rest).instrument(step).await;
            factors.push(factor);
            rest /= factor;
        }
        tracing::info!(count = factors.len(), prime = factors.len() == 1, "factored");
        Ok(factors)
    }

    /// How many searches in this worker heard that they were cancelled.
    pub fn searches_stopped(&self) -> u32 {
        self.searches_stopped.get()
    }

    /// One byte for each number below `below`: 1 for a prime. The buffer is moved to the page, not copied.
    pub fn sieve(&self, below: u32) -> ByteBuf {
        let mut marks = vec![1; below as usize];
        marks.iter_mut().take(2).for_each(|mark| *mark = 0);
        for number in 2..=(below as usize).isqrt() {
            marks.iter_mut().skip(number * number).step_by(number).for_each(|mark| *mark = 0);
        }
        ByteBuf::from(marks)
    }

    /// What a handler knows about its call.
    pub fn caller(&self, context: Context) -> Caller {
        Caller {
            call_id: context.call_id(),
            key: context.key(),
            traceparent: context.traceparent(),
            aborted: context.signal().aborted(),
        }
    }

    /// A small prime by its place; panics beyond the tenth.
    pub fn small_prime(&self, place: usize) -> u8 {
        [2, 3, 5, 7, 11, 13, 17, 19, 23, 29][place]
    }

    /// The same, after the worker's loop has had a turn.
    pub async fn small_prime_later(&self, place: usize) -> u8 {
        next_turn().await;
        self.small_prime(place)
    }
}

/// The smallest factor of a number above 1. Other calls of the worker have their turn before it looks.
async fn smallest_factor(of: u32) -> u32 {
    next_turn().await;
    let factor = (2..).take_while(|&it| it <= of / it).find(|&it| of.is_multiple_of(it)).unwrap_or(of);
    Span::current().record("found", factor);
    factor
}

fn is_prime(number: u32) -> bool {
    number == 2
        || number > 2
            && number % 2 == 1
            && (3..).step_by(2).take_while(|&it| it <= number / it).all(|it| !number.is_multiple_of(it))
}
