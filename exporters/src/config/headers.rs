//! Headers of requests: given once, or read anew for each request.

use std::cell::RefCell;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;

use super::check_headers;
use super::destination::names;

/// Bytes that a header's value has at least when it is hidden.
const SHORTEST_SECRET: usize = 8;

/// Headers by name.
pub type HeaderList = Vec<(String, String)>;

/// What a [`HeaderSource`] answers. An error says what is wrong without repeating a value: people read it.
pub type HeaderResult = Result<HeaderList, String>;

/// The answer of a [`HeaderSource`].
pub enum HeaderAnswer {
    /// It is known already.
    Now(HeaderResult),
    /// It has to be waited for.
    Later(Pin<Box<dyn Future<Output = HeaderResult>>>),
}

/// Headers of requests. `Debug` shows no header's value.
#[derive(Clone, PartialEq, Eq)]
pub enum Headers {
    /// The same for every request.
    Fixed(HeaderList),
    /// Read before each request.
    Live(HeaderSource),
}

impl Headers {
    /// The headers of the next request, checked.
    pub fn ask(&self) -> HeaderAnswer {
        match self {
            // They were checked when they were given.
            Headers::Fixed(list) => HeaderAnswer::Now(Ok(list.clone())),
            Headers::Live(source) => source.ask(),
        }
    }

    /// What the last request had, where that may differ from the next one's.
    pub fn last(&self) -> Option<HeaderList> {
        match self {
            Headers::Fixed(_) => None,
            Headers::Live(source) => source.last.borrow().clone(),
        }
    }

    /// Whether a request that was refused as unauthorized may do better the next time.
    pub(crate) fn may_renew(&self) -> bool {
        matches!(self, Headers::Live(source) if source.renews)
    }

    /// Those that are known beforehand.
    pub(super) fn fixed(&self) -> &[(String, String)] {
        match self {
            Headers::Fixed(list) => list,
            Headers::Live(_) => &[],
        }
    }
}

impl Default for Headers {
    fn default() -> Self {
        Headers::Fixed(Vec::new())
    }
}

impl From<HeaderList> for Headers {
    fn from(list: HeaderList) -> Self {
        Headers::Fixed(list)
    }
}

impl From<HeaderSource> for Headers {
    fn from(source: HeaderSource) -> Self {
        Headers::Live(source)
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Headers::Fixed(list) => f.debug_tuple("Fixed").field(&names(list)).finish(),
            Headers::Live(source) => source.fmt(f),
        }
    }
}

/// Is asked for the headers of each request, such as a token that expires.
///
/// ```
/// use atelier_exporters::{HeaderAnswer, HeaderSource, OtlpConfig};
///
/// let source = HeaderSource::renewing(|| {
///     HeaderAnswer::Later(Box::pin(async {
///         let token = "asked for elsewhere";
///         Ok(vec![("authorization".to_owned(), format!("Bearer {token}"))])
///     }))
/// });
/// let config = OtlpConfig { headers: source.into(), ..OtlpConfig::default() };
/// ```
#[derive(Clone)]
pub struct HeaderSource {
    ask: Rc<dyn Fn() -> HeaderAnswer>,
    renews: bool,
    /// What it answered last: a page that goes cannot wait for another answer.
    last: Rc<RefCell<Option<HeaderList>>>,
}

impl HeaderSource {
    /// A source of headers that are looked up: a 401 or 403 is final, as with headers that never change.
    pub fn looked_up(ask: impl Fn() -> HeaderAnswer + 'static) -> HeaderSource {
        HeaderSource { ask: Rc::new(ask), renews: false, last: Rc::default() }
    }

    /// A source that renews them: a batch that was answered by 401 or 403 is sent again, with its next answer.
    pub fn renewing(ask: impl Fn() -> HeaderAnswer + 'static) -> HeaderSource {
        HeaderSource { renews: true, ..HeaderSource::looked_up(ask) }
    }

    fn ask(&self) -> HeaderAnswer {
        let last = Rc::clone(&self.last);
        let checked = move |answer: HeaderResult| {
            let list = answer?;
            check_headers("headers", &list).map_err(|error| error.to_string())?;
            *last.borrow_mut() = Some(list.clone());
            Ok(list)
        };
        match (self.ask)() {
            HeaderAnswer::Now(answer) => HeaderAnswer::Now(checked(answer)),
            HeaderAnswer::Later(answer) => {
                HeaderAnswer::Later(Box::pin(async move { checked(answer.await) }))
            }
        }
    }
}

impl PartialEq for HeaderSource {
    fn eq(&self, other: &HeaderSource) -> bool {
        Rc::ptr_eq(&self.ask, &other.ask) && self.renews == other.renews
    }
}

impl Eq for HeaderSource {}

impl fmt::Debug for HeaderSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeaderSource").field("renews", &self.renews).finish_non_exhaustive()
    }
}

/// Writes asterisks over every value of these headers, and over what comes after its first word (`Bearer …`): what a
/// collector answers is shown to people, and some repeat what they were sent. The length stays, so that it can still be
/// decoded. Values of fewer than eight bytes are no secrets, and would be found everywhere.
pub fn hide_secrets(headers: &[(String, String)], said: &mut [u8]) {
    for (_, value) in headers {
        let credentials = value.split_once(' ').map(|(_, rest)| rest.trim());
        let secrets = std::iter::once(value.as_str()).chain(credentials);
        for secret in secrets.filter(|secret| secret.len() >= SHORTEST_SECRET) {
            hide(said, secret.as_bytes());
        }
    }
}

fn hide(said: &mut [u8], secret: &[u8]) {
    let mut from = 0;
    while let Some(rest) = said.get_mut(from..)
        && let Some(at) = rest.windows(secret.len()).position(|part| part == secret)
    {
        rest.iter_mut().skip(at).take(secret.len()).for_each(|byte| *byte = b'*');
        from += at + secret.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(value: &str) -> HeaderList {
        vec![("authorization".to_owned(), value.to_owned())]
    }

    fn now(headers: &Headers) -> HeaderResult {
        match headers.ask() {
            HeaderAnswer::Now(answer) => answer,
            HeaderAnswer::Later(_) => Err("later".to_owned()),
        }
    }

    #[test]
    fn a_source_is_asked_each_time_and_its_last_good_answer_is_kept() {
        let answers = RefCell::new(vec![Err("none".to_owned()), Ok(list("two")), Ok(list("one"))]);
        let headers = Headers::from(HeaderSource::looked_up(move || {
            HeaderAnswer::Now(answers.borrow_mut().pop().unwrap_or_else(|| Ok(list("bad\nvalue"))))
        }));
        assert_eq!((headers.last(), headers.may_renew()), (None, false));
        assert_eq!(now(&headers), Ok(list("one")));
        assert_eq!(now(&headers), Ok(list("two")));
        assert_eq!(now(&headers), Err("none".to_owned()));
        let refused = now(&headers).expect_err("a line end");
        assert!(refused.contains("authorization") && !refused.contains("bad"), "{refused}");
        assert_eq!(headers.clone().last(), Some(list("two")), "copies know it as well");
        assert!(!format!("{headers:?}").contains("two"));
    }

    #[test]
    fn what_a_collector_repeats_of_headers_is_hidden() {
        let headers =
            [("authorization", "Bearer tokentoken"), ("x-api-key", "s3cret-key"), ("x-scope", "prod")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let hidden = |said: &str| {
            let mut said = said.as_bytes().to_vec();
            hide_secrets(&headers, &mut said);
            String::from_utf8(said).expect("still text")
        };
        assert_eq!(hidden("no 'tokentoken' of prod"), "no '**********' of prod");
        assert_eq!(
            hidden("Bearer tokentoken, s3cret-keys3cret-key"),
            "*****************, ********************"
        );
        assert_eq!(hidden(""), "");
    }
}
