//! Numbers and strings as bytes.

/// Why bytes mean nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Malformed {
    /// They end too early.
    Short,
    /// They cannot be.
    Wrong(&'static str),
    /// They name something that this reader does not know.
    Unknown,
}

/// Seven bits a byte, the least first (LEB128).
pub(super) fn put_u64(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The same for numbers around zero: 0, -1, 1, -2, …
pub(super) fn put_i64(out: &mut Vec<u8>, value: i64) {
    put_u64(out, (value << 1 ^ value >> 63) as u64);
}

/// Eight bytes.
pub(super) fn put_f64(out: &mut Vec<u8>, value: f64) {
    out.extend_from_slice(&value.to_bits().to_le_bytes());
}

/// A number that is mostly a whole number of 1/`scale`: as that plus one where it is exactly it, else 0 and itself.
pub(super) fn put_scaled(out: &mut Vec<u8>, value: f64, scale: f64) {
    // Negative numbers and NaN become 0 here, and fail the comparison.
    let whole = (value * scale).round() as u64;
    if whole < EXACT && scaled(whole, scale).to_bits() == value.to_bits() {
        put_u64(out, whole + 1);
    } else {
        put_u64(out, 0);
        put_f64(out, value);
    }
}

/// Whole numbers below are exact as `f64`.
const EXACT: u64 = 1 << 53;

fn scaled(whole: u64, scale: f64) -> f64 {
    whole as f64 / scale
}

pub(super) fn put_str(out: &mut Vec<u8>, text: &str) {
    put_u64(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// What `put` writes, with its length before it.
pub(super) fn put_sized(out: &mut Vec<u8>, put: impl FnOnce(&mut Vec<u8>)) {
    let mut content = Vec::new();
    put(&mut content);
    put_u64(out, content.len() as u64);
    out.extend_from_slice(&content);
}

/// Bytes to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input<'a> {
    left: &'a [u8],
}

impl<'a> Input<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Input<'a> {
        Input { left: bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// How many bytes are left.
    pub(super) fn len(&self) -> usize {
        self.left.len()
    }

    pub(super) fn bytes(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (bytes, left) = self.left.split_at_checked(count).ok_or(Malformed::Short)?;
        self.left = left;
        Ok(bytes)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (bytes, left) = self.left.split_first_chunk().ok_or(Malformed::Short)?;
        self.left = left;
        Ok(*bytes)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Malformed> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn u64(&mut self) -> Result<u64, Malformed> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Malformed::Wrong("a number is longer than 64 bits"))
    }

    pub(super) fn i64(&mut self) -> Result<i64, Malformed> {
        let value = self.u64()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    pub(super) fn u32(&mut self) -> Result<u32, Malformed> {
        u32::try_from(self.u64()?).map_err(|_| Malformed::Wrong("a number is longer than 32 bits"))
    }

    pub(super) fn f64(&mut self) -> Result<f64, Malformed> {
        Ok(f64::from_bits(u64::from_le_bytes(self.array()?)))
    }

    pub(super) fn scaled(&mut self, scale: f64) -> Result<f64, Malformed> {
        match self.u64()? {
            0 => self.f64(),
            whole => Ok(scaled(whole - 1, scale)),
        }
    }

    pub(super) fn str(&mut self) -> Result<&'a str, Malformed> {
        self.sized()?.rest_as_str()
    }

    /// All that is left as a string.
    pub(super) fn rest_as_str(self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.left).map_err(|_| Malformed::Wrong("a string is no UTF-8"))
    }

    /// What has its length before it.
    pub(super) fn sized(&mut self) -> Result<Input<'a>, Malformed> {
        let count = usize::try_from(self.u64()?).map_err(|_| Malformed::Short)?;
        self.bytes(count).map(Input::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_come_back() {
        for value in [0, 1, 127, 128, 300, 1 << 32, u64::MAX - 1, u64::MAX] {
            let mut bytes = Vec::new();
            put_u64(&mut bytes, value);
            put_i64(&mut bytes, value as i64);
            let mut input = Input::new(&bytes);
            assert_eq!((input.u64(), input.i64(), input.is_empty()), (Ok(value), Ok(value as i64), true));
        }
    }

    #[test]
    fn numbers_that_never_end_are_refused() {
        assert!(matches!(Input::new(&[0xff; 11]).u64(), Err(Malformed::Wrong(_))));
        assert!(matches!(
            Input::new(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2]).u64(),
            Err(Malformed::Wrong(_))
        ));
        assert_eq!(Input::new(&[0xff; 3]).u64(), Err(Malformed::Short));
    }

    #[test]
    fn scaled_numbers_come_back_bit_by_bit_and_are_short_where_they_can_be() {
        let odd = [
            -0.0,
            -1.0,
            f64::NAN,
            f64::INFINITY,
            f64::MIN_POSITIVE,
            1e300,
            0.1 + 0.2,
            9_007_199_254_740_993.0,
        ];
        for value in odd.into_iter().chain([0.0, 1.0, 0.001, 1e-9, 0.123456789, 3.5]) {
            for scale in [1.0, 1e9] {
                let mut bytes = Vec::new();
                put_scaled(&mut bytes, value, scale);
                assert_eq!(
                    Input::new(&bytes).scaled(scale).unwrap().to_bits(),
                    value.to_bits(),
                    "{value} {scale}"
                );
            }
        }
        let mut millisecond = Vec::new();
        put_scaled(&mut millisecond, 0.001, 1e9);
        assert_eq!(millisecond.len(), 3);
    }
}
