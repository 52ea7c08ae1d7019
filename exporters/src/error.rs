//! What can be wrong with a configuration.

use thiserror::Error;

/// An option that makes no sense. The message names the option and says what to do; it never repeats a header's
/// value, since that may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// `endpoint` is no base URL that `fetch` takes.
    #[error(
        "option `{option}`: \"{endpoint}\" {problem}; give the collector's URL, such as \
         \"https://collector.example\" or \"/otlp\", or leave it out for the page's own origin"
    )]
    Endpoint {
        /// The option, as it is called in JavaScript.
        option: String,
        /// What was given, without what stands before an `@`.
        endpoint: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A header cannot be sent.
    #[error("option `{option}`: header \"{name}\" {problem}")]
    Header {
        /// The option, as it is called in JavaScript.
        option: String,
        /// The header's name.
        name: String,
        /// What is wrong, and what to do.
        problem: &'static str,
    },
    /// A number is out of its range.
    #[error(
        "option `{option}`: {value} is not a whole number from {min} to {max}; give one, or leave it out"
    )]
    Number {
        /// The option, as it is called in JavaScript.
        option: String,
        /// What was given.
        value: String,
        /// The least allowed.
        min: u32,
        /// The greatest allowed.
        max: u32,
    },
    /// A setting of the environment cannot be used. Its value is not repeated where it may be a secret.
    #[error("variable {name}: {problem}")]
    Variable {
        /// The variable.
        name: String,
        /// What is wrong, and what it takes.
        problem: String,
    },
    /// A batch that is larger than the queue could never fill.
    #[error(
        "option `maxBatchSize`: a batch of {batch} never fills in a queue of {queue}; \
         make it at most `maxQueueSize`, or that larger"
    )]
    BatchLargerThanQueue {
        /// `maxBatchSize`.
        batch: u32,
        /// `maxQueueSize`.
        queue: u32,
    },
    /// Nothing would be sent.
    #[error("option `signals`: nothing to send; name at least one of \"traces\", \"metrics\" and \"logs\"")]
    NoSignals,
    /// An attribute of the resource has no name.
    #[error("option `resource`: an attribute has an empty name; give it one, or leave it out")]
    UnnamedAttribute,
    /// An attribute of the resource is a number that JSON cannot say.
    #[error("option `resource`: the value of '{0}' is not a finite number; give one, or leave it out")]
    BrokenAttribute(String),
}
