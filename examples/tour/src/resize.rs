//! To the size that is asked for.

use fast_image_resize::Resizer;
use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;

use crate::{PhotoError, Pixels};

/// Makes the longer side `longest_side` pixels, the shape kept (Lanczos filter). A photograph that is smaller stays as
/// it is: nothing is gained by making it larger.
///
/// # Errors
/// [`PhotoError::BadArgument`] when `longest_side` is zero or the pixels do not fit their numbers.
pub fn resize(pixels: Pixels, longest_side: u32) -> Result<Pixels, PhotoError> {
    let pixels = pixels.checked()?;
    if longest_side == 0 {
        return Err(PhotoError::BadArgument {
            what: "the longest side must be at least one pixel".to_owned(),
        });
    }
    let (width, height) = fit(pixels.width, pixels.height, longest_side);
    if (width, height) == (pixels.width, pixels.height) {
        return Ok(pixels);
    }
    let _sampling =
        tracing::info_span!("resample", pixels.width, pixels.height, to.width = width, to.height = height)
            .entered();
    let failed = |reason: String| PhotoError::Step { step: "resize", reason };
    let source = TypedImageRef::<U8x3>::from_buffer(pixels.width, pixels.height, &pixels.data)
        .map_err(|error| failed(error.to_string()))?;
    let mut data = vec![0; width as usize * height as usize * 3];
    let mut target = TypedImage::<U8x3>::from_buffer(width, height, &mut data)
        .map_err(|error| failed(error.to_string()))?;
    Resizer::new().resize_typed(&source, &mut target, None).map_err(|error| failed(error.to_string()))?;
    drop(target);
    Ok(Pixels { width, height, data })
}

fn fit(width: u32, height: u32, longest_side: u32) -> (u32, u32) {
    let longest = width.max(height);
    if longest <= longest_side {
        return (width, height);
    }
    // Rounded to the nearest pixel; a very long and thin picture keeps one.
    let scale = |side: u32| {
        let (side, longest) = (u64::from(side), u64::from(longest));
        ((side * u64::from(longest_side) + longest / 2) / longest).max(1) as u32
    };
    (scale(width), scale(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(width: u32, height: u32) -> Pixels {
        Pixels { width, height, data: vec![90; (width * height * 3) as usize] }
    }

    #[test]
    fn the_longer_side_fits_and_the_shape_stays() {
        for (from, longest_side, to) in [
            ((640, 427), 320, (320, 214)),
            ((427, 640), 320, (214, 320)),
            ((100, 80), 320, (100, 80)),
            ((320, 320), 320, (320, 320)),
            ((9000, 2), 320, (320, 1)),
        ] {
            let small = resize(grey(from.0, from.1), longest_side).unwrap().checked().unwrap();
            assert_eq!((small.width, small.height), to);
            assert!(small.data.iter().all(|&byte| byte == 90), "an even surface stays even");
        }
    }

    #[test]
    fn a_photograph_keeps_its_look() {
        let large = crate::decode(include_bytes!("../samples/coffee.png")).unwrap().pixels;
        let small = resize(large.clone(), 60).unwrap();
        let mean = |pixels: &Pixels| {
            pixels.data.iter().map(|&byte| f64::from(byte)).sum::<f64>() / pixels.data.len() as f64
        };
        assert!((mean(&large) - mean(&small)).abs() < 1.0, "{} became {}", mean(&large), mean(&small));
    }

    #[test]
    fn senseless_arguments_are_refused() {
        assert!(matches!(resize(grey(4, 4), 0).unwrap_err(), PhotoError::BadArgument { .. }));
        let moved_away = Pixels { data: Vec::new(), ..grey(4, 4) };
        assert!(matches!(resize(moved_away, 2).unwrap_err(), PhotoError::BadArgument { .. }));
    }
}
