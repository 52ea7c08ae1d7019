//! How pages are served.

use std::net::Ipv4Addr;

use crate::support::{self, ask, folder_under, get, serve};
use axum::http::Method;
use xtask::{CONTENT_SECURITY_POLICY, Mount, ReceiverOptions, Server, ServerError, ServerOptions, Site};

fn folder(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, format!("this is {file}")).unwrap();
    }
    folder
}

#[tokio::test]
async fn files_have_their_types_and_every_answer_its_headers() {
    let files = ["index.html", "a.js", "a.css", "a.json", "a.png", "a.jpg", "a.wasm"];
    let types = ["text/html", "text/javascript", "text/css", "application/json", "image/png", "image/jpeg"];
    let root = folder(&files);
    let server = folder_under("/", root.path()).await;
    for (file, kind) in files.into_iter().zip(types.into_iter().chain(["application/wasm"])) {
        let answer = get(&server, &format!("/{file}")).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.text(), format!("this is {file}"));
        assert!(answer.header("content-type").starts_with(kind), "{file}: {}", answer.header("content-type"));
        assert_eq!(answer.header("cache-control"), "no-cache");
        assert_eq!(answer.header("content-security-policy"), CONTENT_SECURITY_POLICY);
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
    assert_eq!(get(&server, "/").await.text(), "this is index.html");
}

#[tokio::test]
async fn the_longest_prefix_decides() {
    let (root, package) = (folder(&["index.html", "pkg/a.js"]), folder(&["b.js", "sub/index.html"]));
    let mounts = vec![Mount::new("/", root.path(), ""), Mount::new("/pkg/", package.path(), "")];
    let server = serve(ReceiverOptions::default(), mounts).await;
    assert_eq!(get(&server, "/pkg/b.js").await.text(), "this is b.js");
    assert_eq!(get(&server, "/pkg/a.js").await.status, 404);
    assert_eq!(get(&server, "/pkg").await.header("location"), "/pkg/");
    assert_eq!(get(&server, "/pkg/sub").await.header("location"), "/pkg/sub/");
    assert_eq!(get(&server, "/pkg/sub/").await.text(), "this is sub/index.html");
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    let root = folder(&["index.html"]);
    let server = folder_under("/", root.path()).await;
    for path in ["/no/such.js", "/no%3Cb%3E.js"] {
        let answer = get(&server, path).await;
        assert_eq!(answer.status, 404);
        assert!(answer.text().contains(path), "{}", answer.text());
    }
    assert_eq!(ask(&server, Method::POST, "/index.html", &[], "").await.status, 405);
}

#[tokio::test]
async fn nothing_outside_the_folder_is_served() {
    let root = folder(&["secret.txt", "web/index.html"]);
    let server = folder_under("/", &root.path().join("web")).await;
    for path in ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/web/../../secret.txt"] {
        assert_eq!(get(&server, path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_missing_folder_says_what_to_run() {
    let root = folder(&[]);
    let server = folder_under("/atelier/", &root.path().join("npm")).await;
    let answer = get(&server, "/atelier/index.js").await;
    assert_eq!(answer.status, 503);
    assert!(answer.text().contains("cargo xtask dist"), "{}", answer.text());
}

#[tokio::test]
async fn a_taken_port_names_the_option() {
    let taken = support::receiver().await;
    let options = ServerOptions {
        host: Ipv4Addr::LOCALHOST.into(),
        port: taken.address().port(),
        site: Site::new(Vec::new()),
        receiver: ReceiverOptions::default(),
    };
    let error = Server::start(options).await.unwrap_err();
    assert!(matches!(error, ServerError::PortTaken(_)));
    assert!(error.to_string().contains("--port"), "{error}");
}

#[tokio::test]
async fn a_stopped_server_frees_its_port() {
    let server = support::receiver().await;
    let address = server.address();
    server.stop().await.unwrap();
    std::net::TcpListener::bind(address).unwrap();
}
