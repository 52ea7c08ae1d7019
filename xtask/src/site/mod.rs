//! The pages: folders under prefixes, the way a careful static server would serve them.
//!
//! Every answer carries a strict Content-Security-Policy, so that what works here works on a careful page.

mod folder;
mod headers;

pub use folder::Mount;
pub use headers::CONTENT_SECURITY_POLICY;

pub(crate) use headers::secured;

use std::sync::Arc;

use axum::Router;
use axum::extract::{OriginalUri, Request};

use crate::Project;

/// What is served, and from where.
#[derive(Clone, Debug)]
pub struct Site {
    mounts: Vec<Mount>,
    has_policy: bool,
}

impl Site {
    /// A site of these folders. The longest prefix that fits a path decides.
    pub fn new(mut mounts: Vec<Mount>) -> Site {
        mounts.sort_by_key(|mount| std::cmp::Reverse(mount.prefix().len()));
        Site { mounts, has_policy: true }
    }

    /// The guided tour: its page, the photographs, the package and the wasm of the examples.
    pub fn demo(project: &Project) -> Site {
        let built = "cargo xtask demo";
        Site::new(vec![
            Mount::new("/", project.path("examples/tour/web"), "git restore ."),
            Mount::new("/samples/", project.path("examples/tour/samples"), "git restore ."),
            Mount::new("/atelier/", project.npm(), "cargo xtask dist"),
            Mount::new("/pkg/", project.web("tour"), built),
            Mount::new("/rust-app/", project.path("examples/rust-app/web"), "git restore ."),
            Mount::new("/rust-app/pkg/", project.web("rust-app"), built),
        ])
    }

    /// The demo and the tests' own pages.
    pub fn tests(project: &Project) -> Site {
        let mut mounts = Site::demo(project).mounts;
        mounts.push(Mount::new("/tests/", project.path("tests/pages"), "git restore ."));
        let comlink = project.path("target/bench/node_modules/comlink/dist/esm");
        mounts.push(Mount::new("/comlink/", comlink, "cargo xtask test"));
        Site::new(mounts)
    }

    /// Serves without the policy, as most sites do.
    #[must_use]
    pub fn without_policy(self) -> Site {
        Site { has_policy: false, ..self }
    }

    pub(crate) fn has_policy(&self) -> bool {
        self.has_policy
    }

    /// Serves one more folder.
    pub fn add(&mut self, mount: Mount) {
        self.mounts.push(mount);
        self.mounts.sort_by_key(|mount| std::cmp::Reverse(mount.prefix().len()));
    }

    /// The site's routes.
    pub fn router(self) -> Router {
        let site = Arc::new(self);
        Router::new().fallback(move |OriginalUri(uri): OriginalUri, request: Request| {
            let site = Arc::clone(&site);
            async move {
                let path = uri.path();
                match site.mounts.iter().find(|mount| mount.covers(path)) {
                    Some(mount) => mount.answer(path, request).await,
                    None => folder::not_found(path),
                }
            }
        })
    }
}
