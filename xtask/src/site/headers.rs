//! What every answer carries.

use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use tower_http::set_header::SetResponseHeaderLayer;

/// The policy that pages are served under: no inline script or style, no blob workers, nothing from elsewhere.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
     style-src 'self'; worker-src 'self'; img-src 'self' blob: data:; connect-src 'self'";

/// Adds the headers: the policy, where the site has one, no answer from a cache that was not asked for here (pages are rebuilt all the time; not
/// `no-store`, which keeps a page out of the back/forward cache), and no guessing of types.
pub(crate) fn secured(router: Router, has_policy: bool) -> Router {
    let set = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
    };
    let router = if has_policy {
        router.layer(set(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
    } else {
        router
    };
    router.layer(set(header::CACHE_CONTROL, "no-cache")).layer(set(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
}
