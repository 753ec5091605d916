//! Web application that is served without the host.

use super::TestHost;
use crate::web::{self, Web};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use std::collections::BTreeMap;
use tower::ServiceExt;

/// Status and headers of an answer, without those of requests and of texts that the host writes.
async fn ask(router: &Router, method: &str, path: &str) -> (u16, BTreeMap<String, String>) {
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let answer = router.clone().oneshot(request).await.unwrap();
    let of_the_host = ["traceparent", "x-trace-id", "vary", "content-length", "content-type", "content-language"];
    let headers = answer.headers().iter().filter(|(name, _)| !of_the_host.contains(&name.as_str()));
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    (answer.status().as_u16(), headers)
}

#[tokio::test]
async fn the_web_alone_answers_as_the_hosts_own_web_does() {
    let host = TestHost::new().await;
    let root = std::env::temp_dir().join(format!("eaf-web-{}", host.core.ambient.uuid()));
    std::fs::create_dir_all(root.join("assets")).unwrap();
    std::fs::write(root.join("index.html"), "<p>the application").unwrap();
    std::fs::write(root.join("assets/app-1.js"), "run()").unwrap();
    let mut app = host.app.clone();
    let config = crate::Config { web: Some(root.clone()), ..crate::Config::for_tests() };
    let https = config.origin.starts_with("https://");
    app.config = std::sync::Arc::new(config);
    let (own, alone) = (crate::router(app), web::router(Web { root: root.clone(), https }));
    for path in ["/", "/requests/42", "/assets/app-1.js", "/assets/app-2.js", "/../etc/passwd", "/.env", "/docs/x"] {
        assert_eq!(ask(&alone, "GET", path).await, ask(&own, "GET", path).await, "{path}");
    }
    for path in ["/api/session", "/auth/sign-in", "/actuator/health"] {
        assert_eq!(ask(&alone, "GET", path).await.0, 404, "{path}");
    }
    assert_eq!(ask(&alone, "POST", "/").await.0, 404);
    std::fs::remove_dir_all(root).unwrap();
}
