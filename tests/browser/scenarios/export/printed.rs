//! What the collector `rotel` prints of what it received (`--debug-log-verbosity detailed`), read line by line.

use std::collections::BTreeMap;

/// Names and what stands behind them, as printed: `atelier.attempt` and `Int(1)`.
pub(super) type Fields = BTreeMap<String, String>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Span,
    Point,
    Log,
}

/// A span, a data point or a log record.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) kind: Kind,
    /// Its lines; of a data point its metric's, too.
    pub(super) fields: Fields,
    pub(super) attributes: Fields,
    pub(super) scope: Fields,
    pub(super) resource: Fields,
    pub(super) exemplars: Vec<Fields>,
    pub(super) buckets: Vec<Bucket>,
}

/// A bucket of a distribution: what lies above `lower` and up to `upper`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bucket {
    pub(super) lower: f64,
    pub(super) upper: f64,
    pub(super) count: u64,
}

impl Item {
    pub(super) fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// An attribute, be it its own or its scope's.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).or_else(|| self.scope.get(name)).map(String::as_str)
    }

    /// A field that is a number.
    pub(super) fn number(&self, name: &str) -> f64 {
        self.field(name).parse().unwrap_or(f64::NAN)
    }
}

/// Where lines with an arrow belong.
#[derive(Clone, Copy)]
enum Section {
    Resource,
    Scope,
    Metric,
    Attributes,
    Exemplar,
}

/// Everything that was printed so far.
pub(super) fn items(text: &str) -> Vec<Item> {
    let mut reader = Reader {
        items: Vec::new(),
        resource: Fields::new(),
        scope: Fields::new(),
        metric: Fields::new(),
        section: Section::Resource,
    };
    text.lines().for_each(|line| reader.line(line));
    reader.items
}

struct Reader {
    items: Vec<Item>,
    resource: Fields,
    scope: Fields,
    metric: Fields,
    section: Section,
}

impl Reader {
    fn line(&mut self, line: &str) {
        if let Some(arrow) = line.strip_prefix("     -> ") {
            if let (Some((name, value)), Some(fields)) = (arrow.split_once(": "), self.fields()) {
                fields.insert(name.to_owned(), value.to_owned());
            }
        } else if let Some((head, _)) = line.split_once(" #") {
            self.begin(head);
        } else if let Some(bucket) = line.strip_prefix("Bucket ") {
            let bucket = bucket_of(bucket);
            if let Some(item) = self.items.last_mut() {
                item.buckets.extend(bucket);
            }
        } else if line.starts_with("InstrumentationScope attributes") {
            self.section = Section::Scope;
        } else if line == "Attributes:" || line == "Data point attributes:" {
            self.section = Section::Attributes;
        } else if let (Some((name, value)), Some(item)) = (line.split_once(':'), self.items.last_mut()) {
            item.fields.insert(name.trim().to_owned(), value.trim().to_owned());
        }
    }

    fn begin(&mut self, head: &str) {
        match head {
            "ResourceSpans" | "ResourceMetrics" | "ResourceLog" => {
                self.resource.clear();
                self.section = Section::Resource;
            }
            "ScopeSpans" | "ScopeMetrics" | "ScopeLogs" => {
                self.scope.clear();
                self.section = Section::Scope;
            }
            "Metric" => {
                self.metric.clear();
                self.section = Section::Metric;
            }
            "Exemplar" => {
                self.section = Section::Exemplar;
                if let Some(item) = self.items.last_mut() {
                    item.exemplars.push(Fields::new());
                }
            }
            "Span" => self.item(Kind::Span),
            "LogRecord" => self.item(Kind::Log),
            head if head.ends_with("DataPoints") => self.item(Kind::Point),
            _ => {}
        }
    }

    fn item(&mut self, kind: Kind) {
        let fields = if kind == Kind::Point { self.metric.clone() } else { Fields::new() };
        self.section = Section::Attributes;
        self.items.push(Item {
            kind,
            fields,
            attributes: Fields::new(),
            scope: self.scope.clone(),
            resource: self.resource.clone(),
            exemplars: Vec::new(),
            buckets: Vec::new(),
        });
    }

    fn fields(&mut self) -> Option<&mut Fields> {
        match self.section {
            Section::Resource => Some(&mut self.resource),
            Section::Scope => Some(&mut self.scope),
            Section::Metric => Some(&mut self.metric),
            Section::Attributes => self.items.last_mut().map(|item| &mut item.attributes),
            Section::Exemplar => self.items.last_mut()?.exemplars.last_mut(),
        }
    }
}

/// `(0.5, 1], Count: 3`.
fn bucket_of(text: &str) -> Option<Bucket> {
    let (bounds, count) = text.split_once("], Count: ")?;
    let (lower, upper) = bounds.trim_start_matches(['(', '[']).split_once(", ")?;
    Some(Bucket { lower: lower.parse().ok()?, upper: upper.parse().ok()?, count: count.parse().ok()? })
}
