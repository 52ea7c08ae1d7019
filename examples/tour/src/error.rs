//! What can be wrong with a photograph.

/// Why a step refused a photograph. The text is shown on its card, so it says what to do;
/// the type's name is the name of the JavaScript error and the `error.type` of the call's span.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PhotoError {
    /// The file is something else, or a format the tour has no decoder for.
    #[error("not a photograph this tour can read: {found}; it reads PNG, JPEG and WebP")]
    NotAPhotograph {
        /// What the file seems to be.
        found: String,
    },
    /// The file begins as a photograph, and then its content is broken.
    #[error("this {format} file is damaged: {reason}")]
    Damaged {
        /// The format its first bytes announce.
        format: &'static str,
        /// What the decoder stumbled over.
        reason: String,
    },
    /// More pixels than the tour takes ([`MAX_PIXELS`](crate::MAX_PIXELS)).
    #[error(
        "{width} × {height} pixels are too many: the tour takes up to {max_megapixels} megapixels; make the photograph smaller first"
    )]
    TooLarge {
        /// Width that the file announces.
        width: u32,
        /// Height that the file announces.
        height: u32,
        /// The limit, in millions of pixels.
        max_megapixels: u64,
    },
    /// An argument of the call makes no sense.
    #[error("{what}")]
    BadArgument {
        /// What was expected, and what came.
        what: String,
    },
    /// A library that does the work refused it.
    #[error("{step} did not work: {reason}")]
    Step {
        /// The step.
        step: &'static str,
        /// What the library said.
        reason: String,
    },
}
