//! From pixels to a file again.

use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use serde::{Deserialize, Serialize};

use crate::{PhotoError, Pixels};

/// A file, ready for an `<img>`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Encoded {
    /// The file.
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
    /// Its media type.
    pub media_type: String,
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// Writes a JPEG of the given quality, 1 (small) to 100 (fine).
///
/// # Errors
/// [`PhotoError::BadArgument`] when the quality is out of range or the pixels do not fit their numbers;
/// [`PhotoError::Step`] when a side is longer than a JPEG can have (65,535 pixels).
pub fn encode(pixels: Pixels, quality: u8) -> Result<Encoded, PhotoError> {
    let Pixels { width, height, data } = pixels.checked()?;
    if !(1..=100).contains(&quality) {
        return Err(PhotoError::BadArgument {
            what: format!("the quality goes from 1 to 100, not {quality}"),
        });
    }
    let written =
        tracing::info_span!("write JPEG", quality, width, height, bytes = tracing::field::Empty).entered();
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode(&data, width, height, ExtendedColorType::Rgb8)
        .map_err(|error| PhotoError::Step { step: "encode", reason: error.to_string() })?;
    written.record("bytes", bytes.len());
    Ok(Encoded { bytes, media_type: "image/jpeg".to_owned(), width, height })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode;

    fn coffee() -> Pixels {
        decode(include_bytes!("../samples/coffee.png")).unwrap().pixels
    }

    #[test]
    fn what_is_written_can_be_read_and_looks_alike() {
        let before = coffee();
        let file = encode(before.clone(), 85).unwrap();
        let after = decode(&file.bytes).unwrap();
        assert_eq!(after.format, "JPEG");
        assert_eq!((after.pixels.width, after.pixels.height), (600, 400));
        let difference: u64 =
            before.data.iter().zip(&after.pixels.data).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        assert!(difference < 5 * before.data.len() as u64, "{difference}");
    }

    #[test]
    fn less_quality_is_a_smaller_file() {
        let size = |quality| encode(coffee(), quality).unwrap().bytes.len();
        assert!(size(30) < size(85) / 2);
    }

    #[test]
    fn senseless_arguments_are_refused() {
        for quality in [0, 101, 255] {
            assert!(matches!(encode(coffee(), quality).unwrap_err(), PhotoError::BadArgument { .. }));
        }
        let long = Pixels { width: 70_000, height: 1, data: vec![0; 210_000] };
        assert!(matches!(encode(long, 80).unwrap_err(), PhotoError::Step { .. }));
    }
}
