//! OTLP in JSON (OTLP specification, "JSON Protobuf Encoding"), turned into protobuf by the tables of [`shape`].
//!
//! It knows nothing of the libraries that senders use, so that what it finds is what the specification says. What a
//! reader may let pass but a careful sender does not do is refused when it is strict, and remarked on when it is not.

mod shape;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use prost::encoding::{WireType, encode_key, encode_varint};
use serde_json::{Map, Value};

pub(super) use shape::{LOGS, METRICS, Request, TRACES};

use shape::{Field, Kind, Shape};

/// Remarks that are kept of one request; further ones say the same.
const MAX_REMARKS: usize = 16;

/// A request as protobuf, and what there is to remark on it.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) protobuf: Vec<u8>,
    pub(super) remarks: Vec<String>,
}

/// Turns a request in JSON into protobuf.
pub(super) fn to_protobuf(body: &[u8], request: &Request, strict: bool) -> Result<Decoded, String> {
    let value: Value =
        serde_json::from_slice(body).map_err(|error| format!("the body is no JSON: {error}"))?;
    let mut walk = Walk { strict, path: Vec::new(), remarks: Vec::new() };
    let protobuf = walk.message(request.0, &value)?;
    Ok(Decoded { protobuf, remarks: walk.remarks })
}

struct Walk {
    strict: bool,
    path: Vec<String>,
    remarks: Vec<String>,
}

impl Walk {
    fn message(&mut self, shape: &Shape, value: &Value) -> Result<Vec<u8>, String> {
        let object = value.as_object().ok_or_else(|| self.wrong("is no object"))?;
        self.check_one_of(shape, object)?;
        let mut bytes = Vec::new();
        for (name, value) in object {
            self.path.push(name.clone());
            match shape.fields.iter().find(|field| field.name == name) {
                Some(field) => self.field(field, value, &mut bytes)?,
                None => self.unknown(shape, name)?,
            }
            self.path.pop();
        }
        Ok(bytes)
    }

    fn check_one_of(&self, shape: &Shape, object: &Map<String, Value>) -> Result<(), String> {
        let there: Vec<&str> =
            shape.one_of.iter().copied().filter(|name| object.contains_key(*name)).collect();
        if there.len() > 1 {
            return Err(self.wrong(&format!("has {}, of which only one may be there", there.join(" and "))));
        }
        Ok(())
    }

    /// Unknown fields are ignored by rule; one that is only spelled in protobuf's way is a mistake.
    fn unknown(&mut self, shape: &Shape, name: &str) -> Result<(), String> {
        match shape.fields.iter().find(|field| is_snake_of(name, field.name)) {
            Some(field) => Err(self.wrong(&format!("is no field; in JSON it is called \"{}\"", field.name))),
            None => {
                self.remark("is unknown and was ignored");
                Ok(())
            }
        }
    }

    fn field(&mut self, field: &Field, value: &Value, bytes: &mut Vec<u8>) -> Result<(), String> {
        if value.is_null() {
            // ProtoJSON takes null for "not set".
            return self.lax("is null; leave it out");
        }
        if !field.many {
            return self.value(field, value, bytes);
        }
        let list = value.as_array().ok_or_else(|| self.wrong("is no list"))?;
        for (index, value) in list.iter().enumerate() {
            self.path.push(index.to_string());
            self.value(field, value, bytes)?;
            self.path.pop();
        }
        Ok(())
    }

    fn value(&mut self, field: &Field, value: &Value, bytes: &mut Vec<u8>) -> Result<(), String> {
        let varint = |bytes: &mut Vec<u8>, number: u64| {
            encode_key(field.number, WireType::Varint, bytes);
            encode_varint(number, bytes);
        };
        let eight = |bytes: &mut Vec<u8>, number: [u8; 8]| {
            encode_key(field.number, WireType::SixtyFourBit, bytes);
            bytes.extend(number);
        };
        let delimited = |bytes: &mut Vec<u8>, content: &[u8]| {
            encode_key(field.number, WireType::LengthDelimited, bytes);
            encode_varint(content.len() as u64, bytes);
            bytes.extend(content);
        };
        match field.kind {
            Kind::Text => {
                let text = value.as_str().ok_or_else(|| self.wrong("is no string"))?;
                delimited(bytes, text.as_bytes());
            }
            Kind::Flag => {
                let flag = value.as_bool().ok_or_else(|| self.wrong("is neither true nor false"))?;
                varint(bytes, u64::from(flag));
            }
            Kind::Double => eight(bytes, self.double(value)?.to_le_bytes()),
            Kind::Fixed64 => eight(bytes, self.long(value, Value::as_u64)?.to_le_bytes()),
            Kind::Sfixed64 => eight(bytes, self.long(value, Value::as_i64)?.to_le_bytes()),
            Kind::Uint64 => varint(bytes, self.long(value, Value::as_u64)?),
            Kind::Int64 => varint(bytes, self.long(value, Value::as_i64)?.cast_unsigned()),
            Kind::Uint32 => varint(bytes, u64::from(self.short::<u32>(value)?)),
            Kind::Fixed32 => {
                encode_key(field.number, WireType::ThirtyTwoBit, bytes);
                bytes.extend(self.short::<u32>(value)?.to_le_bytes());
            }
            Kind::Sint32 => {
                let number = self.short::<i32>(value)?;
                varint(bytes, u64::from(((number << 1) ^ (number >> 31)).cast_unsigned()));
            }
            Kind::Enumeration => {
                if value.is_string() {
                    return Err(self.wrong("is a name; enumerations are numbers in OTLP"));
                }
                varint(bytes, i64::from(self.short::<i32>(value)?).cast_unsigned());
            }
            Kind::Id => delimited(bytes, &self.id(value)?),
            Kind::Bytes => {
                let text = value.as_str().ok_or_else(|| self.wrong("is no string"))?;
                let content = BASE64_STANDARD
                    .decode(text)
                    .map_err(|error| self.wrong(&format!("is no base64: {error}")))?;
                delimited(bytes, &content);
            }
            Kind::Message(shape) => delimited(bytes, &self.message(shape, value)?),
        }
        Ok(())
    }

    /// 64 bits: a string of decimal digits; a number is allowed to readers, but JavaScript cannot hold it.
    fn long<T: std::str::FromStr>(
        &mut self,
        value: &Value,
        number: impl Fn(&Value) -> Option<T>,
    ) -> Result<T, String> {
        if let Some(text) = value.as_str() {
            return text.parse().map_err(|_| self.wrong("is no whole number of 64 bits"));
        }
        let number = number(value).ok_or_else(|| self.wrong("is no whole number of 64 bits"))?;
        self.lax("has 64 bits and is a number; send a string")?;
        Ok(number)
    }

    fn short<T: TryFrom<i64>>(&mut self, value: &Value) -> Result<T, String> {
        let number = match value.as_str() {
            Some(text) => {
                self.lax("has 32 bits and is a string; send a number")?;
                text.parse().ok()
            }
            None => value.as_i64(),
        };
        number
            .and_then(|number| T::try_from(number).ok())
            .ok_or_else(|| self.wrong("is no whole number of 32 bits"))
    }

    fn double(&mut self, value: &Value) -> Result<f64, String> {
        match value.as_str() {
            Some("NaN") => Ok(f64::NAN),
            Some("Infinity") => Ok(f64::INFINITY),
            Some("-Infinity") => Ok(f64::NEG_INFINITY),
            Some(text) => {
                self.lax("is a string; send a number")?;
                text.parse().map_err(|_| self.wrong("is no number"))
            }
            None => value.as_f64().ok_or_else(|| self.wrong("is no number")),
        }
    }

    /// Hexadecimal, not base64 as in other messages' JSON.
    fn id(&mut self, value: &Value) -> Result<Vec<u8>, String> {
        let text = value.as_str().ok_or_else(|| self.wrong("is no string"))?;
        let digits: Option<Vec<u8>> =
            text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
        let digits = digits.ok_or_else(|| self.wrong("is not hexadecimal"))?;
        if digits.len() % 2 != 0 {
            return Err(self.wrong("has an odd number of hexadecimal digits"));
        }
        if text.chars().any(|digit| digit.is_ascii_uppercase()) {
            self.lax("has upper case digits; send lower case")?;
        }
        Ok(digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
    }

    fn wrong(&self, what: &str) -> String {
        let path = if self.path.is_empty() { "the request".to_owned() } else { self.path.join(".") };
        format!("{path} {what}")
    }

    /// What a reader may let pass.
    fn lax(&mut self, what: &str) -> Result<(), String> {
        if self.strict {
            return Err(self.wrong(what));
        }
        self.remark(what);
        Ok(())
    }

    fn remark(&mut self, what: &str) {
        if self.remarks.len() < MAX_REMARKS {
            self.remarks.push(self.wrong(what));
        }
    }
}

/// Whether `name` is `camel` written with underscores.
fn is_snake_of(name: &str, camel: &str) -> bool {
    name.contains('_') && name.replace('_', "").eq_ignore_ascii_case(camel)
}
