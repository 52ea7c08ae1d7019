//! A folder under a prefix.

use std::path::{Path, PathBuf};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use tower::ServiceExt;
use tower_http::services::ServeDir;

/// A folder that is served under a prefix.
#[derive(Clone, Debug)]
pub struct Mount {
    /// With a slash at both ends.
    prefix: String,
    folder: PathBuf,
    remedy: String,
}

impl Mount {
    /// Serves `folder` under `prefix`. Where the folder is missing, the page says to run `remedy`.
    pub fn new(prefix: &str, folder: impl Into<PathBuf>, remedy: &str) -> Mount {
        let inner = prefix.trim_matches('/');
        let prefix = if inner.is_empty() { "/".to_owned() } else { format!("/{inner}/") };
        Mount { prefix, folder: folder.into(), remedy: remedy.to_owned() }
    }

    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether the path lies here; the prefix without its last slash does, too.
    pub(super) fn covers(&self, path: &str) -> bool {
        path.starts_with(&self.prefix) || path == self.prefix.trim_end_matches('/')
    }

    /// Answers a request for a path that is covered.
    pub(super) async fn answer(&self, path: &str, request: Request) -> Response {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return (StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD here").into_response();
        }
        let Some(inner) = path.strip_prefix(&self.prefix) else {
            // Without the slash, relative links of the page would lead astray.
            return Redirect::permanent(&self.prefix).into_response();
        };
        if !self.folder.is_dir() {
            return missing_folder(&self.folder, &self.remedy);
        }
        let Ok(uri) = format!("/{inner}").parse::<Uri>() else { return not_found(path) };
        let (mut head, _) = request.into_parts();
        head.uri = uri;
        let served = ServeDir::new(&self.folder).oneshot(Request::from_parts(head, Body::empty())).await;
        let mut response = served.map_or_else(|never| match never {}, |served| served.map(Body::new));
        if response.status() == StatusCode::NOT_FOUND {
            return not_found(path);
        }
        if let Some(target) = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok()) {
            // A folder without its slash: the inner service does not know where it is mounted.
            let target = format!("{}{}", self.prefix, target.trim_start_matches('/'));
            if let Ok(target) = HeaderValue::from_str(&target) {
                response.headers_mut().insert(header::LOCATION, target);
            }
        }
        response
    }
}

/// 404, naming the path.
pub(super) fn not_found(path: &str) -> Response {
    page(StatusCode::NOT_FOUND, &format!("Nothing is at {path}"), "Look at the path for a slip.")
}

/// 503: something has not been built.
fn missing_folder(folder: &Path, remedy: &str) -> Response {
    let folder = folder.display();
    page(
        StatusCode::SERVICE_UNAVAILABLE,
        &format!("The folder {folder} is missing"),
        &format!("Run: {remedy}"),
    )
}

fn page(status: StatusCode, title: &str, text: &str) -> Response {
    let (title, text) = (escape(title), escape(text));
    let page = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title><h1>{title}</h1><p>{text}</p></html>\n"
    );
    (status, Html(page)).into_response()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
