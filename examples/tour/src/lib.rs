//! The guided tour's handlers: what its workers do with a photograph.
//!
//! Each step is a plain function over plain types, tested natively. Only `photo` knows that they run in a worker.

mod analyze;
mod decode;
mod encode;
mod error;
mod photo;
mod pixels;
mod resize;

pub use analyze::{Analysis, Analyzed, BINS, Colour, Histogram, analyze};
pub use decode::{Decoded, MAX_PIXELS, decode};
pub use encode::{Encoded, encode};
pub use error::PhotoError;
pub use photo::{Photo, PhotoClient, photo_worker};
pub use pixels::Pixels;
pub use resize::resize;
