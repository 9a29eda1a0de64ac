//! The console itself: served under a strict policy, or a page that says how it is built.

use reqwest::{Method, StatusCode};

use crate::world::World;

#[tokio::test]
async fn the_console_is_served_under_a_strict_policy() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("assets")).unwrap();
    std::fs::write(folder.path().join("index.html"), "<p>console").unwrap();
    std::fs::write(folder.path().join("assets/a-1.js"), "1").unwrap();
    let set = vec![("server.admin_dir", folder.path().display().to_string())];
    let world = World::configured(set).await;
    for (path, cache, text) in [
        ("/admin/", "no-cache", "<p>console"),
        ("/admin/clients/acme", "no-cache", "<p>console"),
        (
            "/admin/assets/a-1.js",
            "public, max-age=31536000, immutable",
            "1",
        ),
    ] {
        let answer = world.request(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("cache-control"), cache, "{path}");
        let policy = header("content-security-policy");
        for word in [
            "default-src 'none'",
            "script-src 'self';",
            "frame-ancestors 'none'",
            "form-action 'none'",
        ] {
            assert!(policy.contains(word), "{path}: {policy}");
        }
        assert_eq!(answer.text().await.unwrap(), text, "{path}");
    }
    for path in ["/admin/assets/none.js", "/admin/v1/none", "/admin/v1"] {
        let answer = world.request(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_console_that_is_not_built_says_so() {
    let world = World::new().await;
    let answer = world.request(Method::GET, "/admin/").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.headers().contains_key("content-security-policy"));
    assert!(answer.text().await.unwrap().contains("make pages"));
}
