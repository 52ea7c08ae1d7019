//! The pixels that travel from step to step.

use serde::{Deserialize, Serialize};

use crate::PhotoError;

/// Bytes of one pixel: red, green, blue.
const BYTES_PER_PIXEL: u128 = 3;

/// An upright RGB image, eight bits a channel. On the page it is `{ width, height, data: Uint8Array }`, whose buffer
/// moves from worker to worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pixels {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Rows from top to bottom, three bytes a pixel.
    #[serde(with = "serde_bytes")]
    pub data: Vec<u8>,
}

impl Pixels {
    /// The same pixels, once it is certain that the numbers fit the bytes.
    ///
    /// # Errors
    /// [`PhotoError::BadArgument`] when a side is zero or the data has another length; that of a buffer which has
    /// already been moved elsewhere is zero.
    pub fn checked(self) -> Result<Self, PhotoError> {
        // Two 32-bit numbers and a three fit 128 bits; 64 would overflow.
        let expected = u128::from(self.width) * u128::from(self.height) * BYTES_PER_PIXEL;
        if expected == 0 || self.data.len() as u128 != expected {
            return Err(PhotoError::BadArgument {
                what: format!(
                    "{} × {} pixels need {expected} bytes (and at least one pixel), but {} came; a buffer that was moved to a worker is empty here until it is handed back",
                    self.width,
                    self.height,
                    self.data.len()
                ),
            });
        }
        Ok(self)
    }

    /// One `[red, green, blue]` after the other.
    pub(crate) fn iter(&self) -> impl Iterator<Item = [u8; 3]> + '_ {
        self.data.as_chunks::<3>().0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_must_fit_the_bytes() {
        let pixels = |width, height, bytes| Pixels { width, height, data: vec![0; bytes] }.checked();
        assert!(pixels(2, 1, 6).is_ok());
        for (width, height, bytes) in
            [(2, 1, 5), (2, 1, 7), (0, 1, 0), (1, 0, 0), (2, 1, 0), (u32::MAX, u32::MAX, 3)]
        {
            let error = pixels(width, height, bytes).unwrap_err();
            assert!(matches!(error, PhotoError::BadArgument { .. }));
            assert!(error.to_string().contains(&format!("but {bytes} came")), "{error}");
        }
    }
}
