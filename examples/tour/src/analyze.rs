//! What can be said about a photograph: how sharp it is, how its tones are spread, which colours rule it.

use auto_palette::{Algorithm, ImageData, Palette};
use serde::{Deserialize, Serialize};
use tracing::info_span;

use crate::{PhotoError, Pixels, resize};

/// Bins of each histogram.
pub const BINS: usize = 64;

/// Colours that are looked for at most.
const COLOURS: usize = 6;

/// Dominant colours are sought in a copy with this longest side: more pixels take longer and find the same.
const COLOURS_SIDE: u32 = 96;

/// What [`analyze`] found, and the pixels, which go on to the next step.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Analyzed {
    /// The pixels that came in.
    pub pixels: Pixels,
    /// What they showed.
    pub analysis: Analysis,
}

/// Findings about one photograph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// Variance of the Laplacian of the brightness (0 to 255): near 0 when everything is blurred, thousands where there
    /// is fine detail. Comparable between photographs of the same size.
    pub sharpness: f64,
    /// How often each tone occurs.
    pub histogram: Histogram,
    /// The colours that rule the photograph, most frequent first; at most six.
    pub colours: Vec<Colour>,
}

/// Numbers of pixels by tone, dark to bright, [`BINS`] bins a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    /// Red.
    pub red: Vec<u32>,
    /// Green.
    pub green: Vec<u32>,
    /// Blue.
    pub blue: Vec<u32>,
    /// Brightness, as the eye weighs the three.
    pub luma: Vec<u32>,
}

/// One colour of a photograph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Colour {
    /// Red, 0 to 255.
    pub red: u8,
    /// Green, 0 to 255.
    pub green: u8,
    /// Blue, 0 to 255.
    pub blue: u8,
    /// Its share of the colours listed, 0 to 1; they add up to 1.
    pub share: f64,
}

/// Looks at a photograph and hands its pixels on.
///
/// # Errors
/// [`PhotoError::BadArgument`] when the pixels do not fit their numbers, [`PhotoError::Step`] when no colours could be
/// found.
pub fn analyze(pixels: Pixels) -> Result<Analyzed, PhotoError> {
    let pixels = pixels.checked()?;
    let luma: Vec<u8> = pixels.iter().map(luma_of).collect();
    let analysis = Analysis {
        sharpness: info_span!("sharpness").in_scope(|| sharpness(&luma, pixels.width as usize)),
        histogram: info_span!("histogram").in_scope(|| histogram(&pixels, &luma)),
        colours: info_span!("colours").in_scope(|| colours(&pixels))?,
    };
    Ok(Analyzed { pixels, analysis })
}

/// Brightness after ITU-R BT.601, in 16-bit fixed point (the weights add up to 65,536).
fn luma_of([red, green, blue]: [u8; 3]) -> u8 {
    ((19_595 * u32::from(red) + 38_470 * u32::from(green) + 7_471 * u32::from(blue) + 32_768) >> 16) as u8
}

fn histogram(pixels: &Pixels, luma: &[u8]) -> Histogram {
    let bin = |tone: u8| usize::from(tone) * BINS / 256;
    let mut counts =
        Histogram { red: vec![0; BINS], green: vec![0; BINS], blue: vec![0; BINS], luma: vec![0; BINS] };
    for ([red, green, blue], &luma) in pixels.iter().zip(luma) {
        counts.red[bin(red)] += 1;
        counts.green[bin(green)] += 1;
        counts.blue[bin(blue)] += 1;
        counts.luma[bin(luma)] += 1;
    }
    counts
}

fn sharpness(luma: &[u8], width: usize) -> f64 {
    let rows: Vec<&[u8]> = luma.chunks_exact(width).collect();
    let (mut count, mut sum, mut sum_of_squares) = (0_u64, 0_i64, 0_i64);
    for neighbours in rows.windows(3) {
        let (above, row, below) = (neighbours[0], neighbours[1], neighbours[2]);
        for x in 1..width.saturating_sub(1) {
            let around =
                i64::from(above[x]) + i64::from(below[x]) + i64::from(row[x - 1]) + i64::from(row[x + 1]);
            let edge = around - 4 * i64::from(row[x]);
            count += 1;
            sum += edge;
            sum_of_squares += edge * edge;
        }
    }
    if count == 0 {
        return 0.0; // Too small to have an inside.
    }
    let mean = sum as f64 / count as f64;
    sum_of_squares as f64 / count as f64 - mean * mean
}

fn colours(pixels: &Pixels) -> Result<Vec<Colour>, PhotoError> {
    let failed = |reason: String| PhotoError::Step { step: "finding the dominant colours", reason };
    let small = resize(pixels.clone(), COLOURS_SIDE)?;
    let rgba: Vec<u8> = small.iter().flat_map(|[red, green, blue]| [red, green, blue, u8::MAX]).collect();
    let image =
        ImageData::new(small.width, small.height, &rgba).map_err(|error| failed(error.to_string()))?;
    // The crate's default, clustering by density, finds nothing in gravel: no two stones are near enough alike.
    let palette: Palette<f64> = Palette::builder()
        .algorithm(Algorithm::KMeans)
        .build(&image)
        .map_err(|error| failed(error.to_string()))?;
    let mut swatches = palette.find_swatches(COLOURS).map_err(|error| failed(error.to_string()))?;
    swatches.sort_by_key(|swatch| std::cmp::Reverse(swatch.population()));
    let listed: usize = swatches.iter().map(auto_palette::Swatch::population).sum();
    Ok(swatches
        .iter()
        .map(|swatch| {
            let rgb = swatch.color().to_rgb();
            let share = swatch.population() as f64 / listed.max(1) as f64;
            Colour { red: rgb.r, green: rgb.g, blue: rgb.b, share }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode;

    fn even(width: u32, height: u32, colour: [u8; 3]) -> Pixels {
        Pixels { width, height, data: colour.repeat((width * height) as usize) }
    }

    fn samples() -> Vec<(&'static str, Pixels)> {
        let files: [(&str, &[u8]); 10] = [
            ("astronaut", include_bytes!("../samples/astronaut.png")),
            ("brick", include_bytes!("../samples/brick.png")),
            ("camera", include_bytes!("../samples/camera.png")),
            ("chelsea", include_bytes!("../samples/chelsea.png")),
            ("coffee", include_bytes!("../samples/coffee.png")),
            ("grass", include_bytes!("../samples/grass.png")),
            ("gravel", include_bytes!("../samples/gravel.png")),
            ("hubble", include_bytes!("../samples/hubble_deep_field.jpg")),
            ("retina", include_bytes!("../samples/retina.jpg")),
            ("rocket", include_bytes!("../samples/rocket.jpg")),
        ];
        files.into_iter().map(|(name, file)| (name, decode(file).unwrap().pixels)).collect()
    }

    #[test]
    fn every_sample_can_be_described() {
        for (name, pixels) in samples() {
            let small = resize(pixels, 640).unwrap();
            let count = small.width * small.height;
            let Analyzed { pixels, analysis } = analyze(small.clone()).unwrap();
            assert_eq!(pixels, small, "{name}: the pixels go on unchanged");
            for channel in [
                &analysis.histogram.red,
                &analysis.histogram.green,
                &analysis.histogram.blue,
                &analysis.histogram.luma,
            ] {
                assert_eq!(channel.len(), BINS);
                assert_eq!(channel.iter().sum::<u32>(), count, "{name}: every pixel counts once");
            }
            assert!(analysis.sharpness > 1.0, "{name}: {}", analysis.sharpness);
            assert!((1..=COLOURS).contains(&analysis.colours.len()), "{name}: {:?}", analysis.colours);
            assert!((analysis.colours.iter().map(|colour| colour.share).sum::<f64>() - 1.0).abs() < 1e-9);
            assert!(analysis.colours.is_sorted_by(|one, next| one.share >= next.share));
        }
    }

    #[test]
    fn a_blurred_photograph_is_less_sharp() {
        let (_, pixels) = samples().swap_remove(5);
        let blurred = image::imageops::fast_blur(
            &image::RgbImage::from_raw(pixels.width, pixels.height, pixels.data.clone()).unwrap(),
            2.0,
        );
        let blurred = Pixels { data: blurred.into_raw(), ..pixels.clone() };
        let of = |pixels| analyze(pixels).unwrap().analysis.sharpness;
        let (sharp, soft) = (of(pixels), of(blurred));
        assert!(soft < sharp / 10.0, "{sharp} became {soft}");
    }

    #[test]
    fn sharpness_is_the_variance_of_the_laplacian() {
        assert_eq!(sharpness(&[7; 25], 5), 0.0);
        // Two inner pixels: 4·0 − 8 and 4·8 around… that is −4·8 + 0 and 8 + 0, thus −32 and 8: mean −12, variance 400.
        assert_eq!(sharpness(&[0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0], 4), 400.0);
        assert_eq!(sharpness(&[1, 2], 2), 0.0, "too small to have an inside");
    }

    #[test]
    fn tones_fall_into_the_right_bins() {
        let pixels = Pixels { width: 2, height: 1, data: vec![0, 3, 4, 255, 255, 255] };
        let analysis = analyze(pixels).unwrap().analysis;
        let full = |channel: &[u32]| {
            channel.iter().enumerate().filter(|(_, n)| **n > 0).map(|(i, _)| i).collect::<Vec<_>>()
        };
        assert_eq!(full(&analysis.histogram.red), [0, 63]);
        assert_eq!(full(&analysis.histogram.green), [0, 63]);
        assert_eq!(full(&analysis.histogram.blue), [1, 63]);
        assert_eq!(full(&analysis.histogram.luma), [0, 63]);
    }

    #[test]
    fn an_even_surface_has_its_one_colour() {
        for (width, height) in [(200, 100), (40, 1), (1, 1)] {
            let colours = analyze(even(width, height, [200, 40, 40])).unwrap().analysis.colours;
            assert_eq!(colours.len(), 1, "{width} × {height}: {colours:?}");
            let near = |channel: u8, wanted: u8| channel.abs_diff(wanted) <= 2;
            assert!(
                near(colours[0].red, 200) && near(colours[0].green, 40) && near(colours[0].blue, 40),
                "{colours:?}"
            );
        }
    }

    #[test]
    fn the_larger_of_two_colours_comes_first() {
        let mut pixels = even(90, 90, [20, 60, 180]);
        pixels.data[..90 * 30 * 3].copy_from_slice(&[230, 220, 60].repeat(90 * 30));
        let colours = analyze(pixels).unwrap().analysis.colours;
        assert!(colours[0].blue > 150 && colours[1].red > 200, "{colours:?}");
        assert!((colours[0].share - 2.0 / 3.0).abs() < 0.05, "{colours:?}");
    }
}
