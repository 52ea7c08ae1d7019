//! Zlib data as bytes, within bounds.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_PARSE_ZLIB_HEADER, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

/// How much room there is at first, for each stored byte.
const USUAL_GAIN: usize = 4;

/// What became of zlib data.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Inflated {
    /// All of it.
    Whole(Vec<u8>),
    /// It was cut; this is what came before.
    Cut(Vec<u8>),
    /// It is more than was allowed.
    TooMuch,
    /// It is no zlib data, or its checksum is wrong.
    Damaged,
}

/// Inflates zlib data (RFC 1950) to at most `limit` bytes. Room grows with what comes out, not with what is promised.
pub(super) fn inflate(mut stored: &[u8], limit: usize) -> Inflated {
    let mut out = vec![0; stored.len().saturating_mul(USUAL_GAIN).clamp(64, limit.max(64))];
    let mut filled = 0;
    let mut state = Box::<DecompressorOxide>::default();
    let flags = TINFL_FLAG_PARSE_ZLIB_HEADER | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    loop {
        let (status, read, written) = decompress(&mut state, stored, &mut out, filled, flags);
        stored = stored.get(read..).unwrap_or_default();
        filled += written;
        if filled > limit {
            return Inflated::TooMuch;
        }
        match status {
            TINFLStatus::Done => {
                out.truncate(filled);
                return Inflated::Whole(out);
            }
            TINFLStatus::HasMoreOutput if out.len() > limit => return Inflated::TooMuch,
            // One more than the limit, so that what is too much shows.
            TINFLStatus::HasMoreOutput => out.resize(out.len().saturating_mul(2).min(limit + 1), 0),
            TINFLStatus::FailedCannotMakeProgress | TINFLStatus::NeedsMoreInput => {
                out.truncate(filled);
                return Inflated::Cut(out);
            }
            _ => return Inflated::Damaged,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deflated(plain: &[u8]) -> Vec<u8> {
        miniz_oxide::deflate::compress_to_vec_zlib(plain, 6)
    }

    #[test]
    fn what_was_deflated_comes_back_up_to_the_limit_exactly() {
        for length in [0, 1, 63, 64, 65, 5_000, 300_000] {
            let plain: Vec<u8> = (0..length).map(|n: usize| (n * n / 7) as u8).collect();
            let stored = deflated(&plain);
            assert_eq!(inflate(&stored, length), Inflated::Whole(plain.clone()), "{length}");
            if length > 0 {
                assert_eq!(inflate(&stored, length - 1), Inflated::TooMuch, "{length}");
            }
        }
    }

    #[test]
    fn a_bomb_is_defused_at_the_limit() {
        let bomb = deflated(&vec![0; 50_000_000]);
        assert!(bomb.len() < 100_000);
        assert_eq!(inflate(&bomb, 1_000_000), Inflated::TooMuch);
    }

    #[test]
    fn data_that_was_cut_gives_what_came_before() {
        let plain: Vec<u8> = (0..100_000_u32).flat_map(|n| n.wrapping_mul(n).to_le_bytes()).collect();
        let stored = deflated(&plain);
        for part in [0, 1, 2, 100, stored.len() / 2, stored.len() - 1] {
            match inflate(&stored[..part], plain.len()) {
                Inflated::Cut(before) => assert!(plain.starts_with(&before), "{part}"),
                other => panic!("{part}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_is_no_zlib_data_or_was_changed_is_damaged() {
        assert_eq!(inflate(b"not zlib at all", 1_000), Inflated::Damaged);
        let mut stored = deflated(b"some words, some words, some words");
        let last = stored.len() - 1;
        stored[last] ^= 1;
        assert_eq!(inflate(&stored, 1_000), Inflated::Damaged);
    }
}
