//! From a file's bytes to pixels.

use std::io::Cursor;

use image::error::ImageError;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, RgbImage};
use serde::{Deserialize, Serialize};

use crate::{PhotoError, Pixels};

/// The most pixels a photograph may have (64 million; a full-frame camera has 24 to 61). A file that announces more is
/// refused with [`PhotoError::TooLarge`] before any memory is taken for it.
pub const MAX_PIXELS: u64 = 64_000_000;

/// What [`decode`] found in a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Decoded {
    /// The photograph, turned upright.
    pub pixels: Pixels,
    /// `PNG`, `JPEG` or `WebP`.
    pub format: String,
}

/// Decodes a PNG, JPEG or WebP file. It is turned as its Exif orientation says; what is transparent becomes white.
///
/// # Errors
/// [`PhotoError::NotAPhotograph`], [`PhotoError::Damaged`] or [`PhotoError::TooLarge`].
pub fn decode(file: &[u8]) -> Result<Decoded, PhotoError> {
    let (format, name) = readable_format(file)?;
    let reading = tracing::info_span!("read", format = name, bytes = file.len()).entered();
    let damaged = |error: ImageError| PhotoError::Damaged { format: name, reason: error.to_string() };

    let mut decoder = ImageReader::with_format(Cursor::new(file), format).into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    let too_large = PhotoError::TooLarge { width, height, max_megapixels: MAX_PIXELS / 1_000_000 };
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(too_large);
    }
    // Exif that cannot be read is no reason to refuse the photograph.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(|error| match error {
        ImageError::Limits(_) => too_large,
        other => damaged(other),
    })?;
    drop(reading);
    if orientation != Orientation::NoTransforms {
        tracing::info!(exif = orientation.to_exif(), "taken sideways");
        tracing::info_span!("turn").in_scope(|| image.apply_orientation(orientation));
    }

    let _flattening = tracing::info_span!("to RGB", from = ?image.color()).entered();
    let image = if image.color().has_alpha() { over_white(&image) } else { image.into_rgb8() };
    let (width, height) = image.dimensions();
    let pixels = Pixels { width, height, data: image.into_raw() }.checked()?;
    Ok(Decoded { pixels, format: name.to_owned() })
}

fn readable_format(file: &[u8]) -> Result<(ImageFormat, &'static str), PhotoError> {
    let found = match image::guess_format(file) {
        Ok(ImageFormat::Png) => return Ok((ImageFormat::Png, "PNG")),
        Ok(ImageFormat::Jpeg) => return Ok((ImageFormat::Jpeg, "JPEG")),
        Ok(ImageFormat::WebP) => return Ok((ImageFormat::WebP, "WebP")),
        Ok(other) => {
            format!("it is a {} file", other.extensions_str().first().unwrap_or(&"different").to_uppercase())
        }
        Err(_) if file.is_empty() => "the file is empty".to_owned(),
        // What telephones write, unless told otherwise.
        Err(_) if file.get(4..8) == Some(b"ftyp") => "it seems to be HEIC or a film".to_owned(),
        Err(_) => "its first bytes are of no image format known here".to_owned(),
    };
    Err(PhotoError::NotAPhotograph { found })
}

/// JPEG, in which the tour writes its results, has no transparency.
fn over_white(image: &DynamicImage) -> RgbImage {
    let source = image.to_rgba8();
    let mut flat = RgbImage::new(source.width(), source.height());
    for (to, from) in flat.pixels_mut().zip(source.pixels()) {
        let [red, green, blue, alpha] = from.0.map(u32::from);
        to.0 = [red, green, blue].map(|channel| ((channel * alpha + 255 * (255 - alpha) + 127) / 255) as u8);
    }
    flat
}

#[cfg(test)]
mod tests {
    use image::RgbaImage;

    use super::*;

    const CHELSEA: &[u8] = include_bytes!("../samples/chelsea.png");
    const ROCKET: &[u8] = include_bytes!("../samples/rocket.jpg");
    const CAMERA: &[u8] = include_bytes!("../samples/camera.png");

    fn written(image: &RgbaImage, format: ImageFormat) -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        image.write_to(&mut file, format).unwrap();
        file.into_inner()
    }

    fn reason(file: &[u8]) -> PhotoError {
        decode(file).map(|decoded| decoded.format).unwrap_err()
    }

    #[test]
    fn photographs_become_rgb_of_their_size() {
        for (file, format, width, height) in
            [(CHELSEA, "PNG", 451, 300), (ROCKET, "JPEG", 640, 427), (CAMERA, "PNG", 512, 512)]
        {
            let decoded = decode(file).unwrap();
            assert_eq!(
                (decoded.format.as_str(), decoded.pixels.width, decoded.pixels.height),
                (format, width, height)
            );
            assert!(decoded.pixels.checked().is_ok());
        }
    }

    #[test]
    fn a_grey_photograph_has_three_equal_channels() {
        let pixels = decode(CAMERA).unwrap().pixels;
        assert!(pixels.iter().all(|[red, green, blue]| red == green && green == blue));
    }

    #[test]
    fn what_is_transparent_becomes_white_and_webp_is_read() {
        let image = RgbaImage::from_fn(3, 1, |x, _| image::Rgba([200, 0, 100, [0, 128, 255][x as usize]]));
        for format in [ImageFormat::WebP, ImageFormat::Png] {
            let pixels = decode(&written(&image, format)).unwrap().pixels;
            assert_eq!(pixels.data, [255, 255, 255, 227, 127, 177, 200, 0, 100]);
        }
    }

    #[test]
    fn a_photograph_taken_sideways_is_turned_upright() {
        // An APP1 segment with one Exif entry, orientation 6 (turn a quarter clockwise), right after the JPEG's start.
        let exif: &[u8] =
            b"\xFF\xE1\x00\x22Exif\0\0MM\x00\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let sideways = [&ROCKET[..2], exif, &ROCKET[2..]].concat();
        let (upright, plain) = (decode(&sideways).unwrap().pixels, decode(ROCKET).unwrap().pixels);
        assert_eq!((upright.width, upright.height), (427, 640));
        // What was at the lower left is at the upper left now.
        assert_eq!(upright.data[..3], plain.data[(426 * 640 * 3)..][..3]);
    }

    #[test]
    fn what_is_no_photograph_is_named() {
        for (file, says) in [
            (&b""[..], "the file is empty"),
            (b"GIF89a\x01\0\x01\0\0\0\0;", "it is a GIF file"),
            (b"\0\0\0\x18ftypheic\0\0\0\0", "it seems to be HEIC"),
            (b"# A shopping list", "no image format known here"),
        ] {
            let error = reason(file);
            assert!(matches!(error, PhotoError::NotAPhotograph { .. }));
            assert!(error.to_string().contains(says), "{error}");
            assert!(error.to_string().ends_with("it reads PNG, JPEG and WebP"), "{error}");
        }
    }

    #[test]
    fn a_damaged_photograph_is_an_error_wherever_it_is_cut() {
        for file in [CHELSEA, CAMERA] {
            for length in [8, 20, 60, 1000, file.len() / 2] {
                assert!(matches!(reason(&file[..length]), PhotoError::Damaged { .. }), "cut at {length}");
            }
        }
        for length in [3, 20, 200] {
            assert!(matches!(reason(&ROCKET[..length]), PhotoError::Damaged { .. }), "cut at {length}");
        }
    }

    #[test]
    fn too_many_pixels_are_refused_before_memory_is_taken() {
        // The header of a PNG that announces 60,000 × 60,000 pixels: 3.6 billion.
        let mut huge = CHELSEA.to_vec();
        huge[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
        huge[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
        let checksum = crc32(&huge[12..29]);
        huge[29..33].copy_from_slice(&checksum.to_be_bytes());
        assert_eq!(reason(&huge), PhotoError::TooLarge { width: 60_000, height: 60_000, max_megapixels: 64 });
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
        })
    }
}
