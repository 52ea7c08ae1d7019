//! Values of attributes.

/// The value of an attribute: of the resource, and of whatever a redaction looks at.
#[derive(Clone, Debug, PartialEq)]
pub enum AttributeValue {
    /// A text.
    String(String),
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Double(f64),
    /// Several texts.
    Strings(Vec<String>),
}

impl From<&str> for AttributeValue {
    fn from(value: &str) -> Self {
        AttributeValue::String(value.to_owned())
    }
}

impl From<String> for AttributeValue {
    fn from(value: String) -> Self {
        AttributeValue::String(value)
    }
}
