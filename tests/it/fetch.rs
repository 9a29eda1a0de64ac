//! Fetching what users point at: nothing inside is ever dialled, and nothing goes on for ever.

mod answers;
pub mod net;
mod spellings;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use concierge::{
    error::Result,
    fetch::{Fetched, Fetcher, Policy},
};
use net::{Canary, Net, SITE, answer, path, site};

fn policy() -> Policy {
    Policy::documents(1 << 20, &[]).unwrap()
}

#[track_caller]
fn refused(outcome: Result<Fetched>, code: &str, word: &str) {
    let error = outcome.expect_err("this must not be fetched");
    assert_eq!(error.code(), code, "{error:?}");
    assert!(format!("{error} {error:?}").contains(word), "{error:?}");
}

/// A site that says hello to everything.
fn hello() -> std::net::SocketAddr {
    site(|_, stream| {
        use std::io::Write;
        stream.write_all(&answer("200 OK", "Content-Type: text/plain\r\n", b"hello"))
    })
}

#[tokio::test]
async fn no_spelling_of_an_inner_address_is_dialled() {
    let canary = Canary::new();
    let net = Net::new(hello(), &canary);
    let hosts = spellings::LITERALS.iter().chain(&spellings::NAMES);
    let urls = hosts.map(|host| format!("http://{host}/latest/meta-data/"));
    for url in urls.chain(spellings::ADDRESSES.map(str::to_owned)) {
        let outcome = net.fetcher().get(&url, &policy()).await;
        let error = outcome.expect_err(&url);
        assert_eq!(error.code(), "invalid", "{url}: {error}");
    }
    assert_eq!(net.dialled(), [""; 0]);
    assert_eq!(canary.seen(), 0);
    let fetched = net.fetcher().get("http://site.example/", &policy()).await;
    assert_eq!(
        fetched.unwrap().bytes,
        b"hello",
        "what is public is fetched"
    );
}

#[tokio::test]
async fn the_operating_system_is_not_asked_to_dial_inside() {
    let canary = Canary::new();
    let port = canary.address.port();
    let strict = Policy {
        ports: vec![port],
        ..policy()
    };
    let fetcher = Fetcher::new();
    for host in spellings::LITERALS
        .iter()
        .chain(&["localhost", "LocalHost."])
    {
        let url = format!("http://{host}:{port}/");
        let outcome = fetcher.get(&url, &strict).await;
        assert_eq!(outcome.expect_err(&url).code(), "invalid", "{url}");
    }
    assert_eq!(canary.seen(), 0);
    // the same addresses do lead there once an operator allows them
    let allowing = Policy {
        allow: Policy::documents(1, &["127.0.0.0/8", "0.0.0.0"])
            .unwrap()
            .allow,
        ..strict
    };
    for host in [
        "127.0.0.1",
        "0x7f.1",
        "①②⑦.⓪.⓪.①",
        "[::ffff:127.0.0.1]",
        "0",
    ] {
        let url = format!("http://{host}:{port}/");
        let _ = fetcher.get(&url, &allowing).await;
        assert_eq!(canary.seen(), 1, "{url}");
    }
}

#[tokio::test]
async fn redirects_are_checked_like_the_first_address() {
    let canary = Canary::new();
    let net = Net::new(
        site(|head, stream| {
            use std::io::Write;
            let (status, place) = path(head)[1..].split_once('/').unwrap();
            let place = place.replace("%20", " ").replace("!", ":");
            stream.write_all(&answer(
                &format!("{status} Moved"),
                &format!("Location: {place}\r\n"),
                b"",
            ))
        }),
        &canary,
    );
    net.name("inside.example", &[&["10.0.0.7"]]);
    for status in [301, 302, 303, 307, 308] {
        for place in [
            "http://127.0.0.1/",
            "http://0x7f.1/",
            "http://169.254.169.254/latest/meta-data/",
            "http://[::ffff:a9fe:a9fe]/",
            "//127.0.0.1/",
            "\\\\127.0.0.1\\",
            "http://inside.example/",
            "https://inside.example/",
            "http://site.example@127.0.0.1/",
            "http://site.example:6379/",
            "file:///etc/passwd",
            "gopher://127.0.0.1:70/",
            "data:text/plain,x",
        ] {
            let url = format!("http://site.example/{status}/{place}");
            refused(net.fetcher().get(&url, &policy()).await, "invalid", "");
        }
    }
    assert!(
        net.dialled()
            .iter()
            .all(|address| *address == format!("{SITE}:80"))
    );
    assert_eq!(net.dialled().len(), 5 * 13);
    assert_eq!(canary.seen(), 0);
}

#[tokio::test]
async fn redirects_end() {
    let canary = Canary::new();
    let requests = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&requests);
    let net = Net::new(
        site(move |head, stream| {
            use std::io::Write;
            count.fetch_add(1, Ordering::SeqCst);
            let left: u32 = path(head).trim_matches('/').parse().unwrap();
            stream.write_all(&if left == 0 {
                answer("200 OK", "Content-Type: text/plain\r\n", b"there")
            } else {
                answer(
                    "302 Found",
                    &format!("Location: {}\r\n", left - 1),
                    b"ignored",
                )
            })
        }),
        &canary,
    );
    let fetched = net
        .fetcher()
        .get("http://site.example/3#part", &policy())
        .await
        .unwrap();
    assert_eq!(
        (fetched.bytes.as_slice(), requests.swap(0, Ordering::SeqCst)),
        (&b"there"[..], 4)
    );
    assert_eq!(fetched.final_url, "http://site.example/0");
    refused(
        net.fetcher().get("http://site.example/4", &policy()).await,
        "invalid",
        "3 times",
    );
    assert_eq!(
        requests.load(Ordering::SeqCst),
        4,
        "the fifth is not asked for"
    );
    let nowhere = Net::new(
        site(|_, stream| {
            use std::io::Write;
            stream.write_all(&answer("302 Found", "", b""))
        }),
        &canary,
    );
    refused(
        nowhere
            .fetcher()
            .get("http://site.example/", &policy())
            .await,
        "upstream",
        "where",
    );
}

#[tokio::test]
async fn a_page_that_refreshes_to_somewhere_else_is_a_page() {
    let canary = Canary::new();
    let page = b"<meta http-equiv=refresh content='0;url=http://127.0.0.1/'>";
    let net = Net::new(
        site(|_, stream| {
            use std::io::Write;
            let headers = "Content-Type: text/html\r\nRefresh: 0;url=http://127.0.0.1/\r\n";
            stream.write_all(&answer("200 OK", headers, page))
        }),
        &canary,
    );
    let fetched = net
        .fetcher()
        .get("http://site.example/", &policy())
        .await
        .unwrap();
    assert_eq!(fetched.bytes, page);
    assert_eq!(canary.seen(), 0);
}

#[tokio::test]
async fn the_address_that_was_checked_is_the_one_that_is_dialled() {
    let canary = Canary::new();
    let net = Net::new(
        site(|head, stream| {
            use std::io::Write;
            stream.write_all(&if path(head) == "/again" {
                answer("302 Found", "Location: /\r\n", b"")
            } else {
                answer("200 OK", "Content-Type: text/plain\r\n", b"outside")
            })
        }),
        &canary,
    );
    // public when it is checked, inside ever after
    net.name("rebind.example", &[&[SITE], &["127.0.0.1"]]);
    let fetched = net
        .fetcher()
        .get("http://rebind.example/", &policy())
        .await
        .unwrap();
    assert_eq!(fetched.bytes, b"outside");
    assert_eq!(net.asked(), ["rebind.example"], "asked once");
    assert_eq!(net.dialled(), [format!("{SITE}:80")]);
    refused(
        net.fetcher().get("http://rebind.example/", &policy()).await,
        "invalid",
        "not public",
    );
    // inside by the time the redirect comes back to it
    net.name("rebind.example", &[&[SITE], &["::1"]]);
    refused(
        net.fetcher()
            .get("http://rebind.example/again", &policy())
            .await,
        "invalid",
        "not public",
    );
    assert_eq!(canary.seen(), 0);
}

#[tokio::test]
async fn a_name_that_also_leads_inside_is_not_trusted() {
    let canary = Canary::new();
    let net = Net::new(hello(), &canary);
    for addresses in [
        &[SITE, "10.0.0.1"][..],
        &["10.0.0.1", SITE],
        &[SITE, "::1"],
        &[SITE, "::ffff:192.168.0.1"],
        &["2606:4700::1111", "fe80::1"],
        &[],
    ] {
        net.name("mixed.example", &[addresses]);
        let outcome = net.fetcher().get("http://mixed.example/", &policy()).await;
        refused(outcome, "invalid", "not public");
    }
    assert_eq!(net.dialled(), [""; 0]);
    assert_eq!(canary.seen(), 0);
}

#[tokio::test]
async fn names_of_other_scripts_are_asked_for_as_the_network_knows_them() {
    let canary = Canary::new();
    let net = Net::new(hello(), &canary);
    net.name("xn--fsqu00a.example", &[&[SITE]]);
    let fetched = net
        .fetcher()
        .get("http://例子.example/", &policy())
        .await
        .unwrap();
    assert_eq!(fetched.final_url, "http://xn--fsqu00a.example/");
    assert_eq!(net.asked(), ["xn--fsqu00a.example"]);
}

#[tokio::test]
async fn operators_allow_networks_by_name() {
    let canary = Canary::new();
    let net = Net::new(hello(), &canary);
    net.name("wiki.corp.example", &[&["10.1.2.3"]]);
    let allowing = Policy::documents(1 << 20, &["10.1.0.0/16"]).unwrap();
    let _ = net
        .fetcher()
        .get("http://wiki.corp.example/", &allowing)
        .await;
    assert_eq!(net.dialled(), ["10.1.2.3:80"]);
    let error = Policy::documents(1, &["10.1.0.0/99"]).unwrap_err();
    assert!(error.to_string().contains("10.1.0.0/99"));
}

/// Run by the test below in a process of its own.
#[tokio::test]
#[ignore = "started by proxies_of_the_environment_are_not_used"]
async fn fetch_beside_a_proxy() {
    let canary = Canary::new();
    let net = Net::new(hello(), &canary);
    let fetched = net
        .fetcher()
        .get("http://site.example/", &policy())
        .await
        .unwrap();
    assert_eq!(fetched.bytes, b"hello");
}

#[test]
fn proxies_of_the_environment_are_not_used() {
    let proxy = Canary::new();
    let place = format!("http://{}", proxy.address);
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "fetch::fetch_beside_a_proxy", "--ignored"]);
    for name in [
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ] {
        child.env(name, &place);
    }
    let output = child.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
    assert_eq!(proxy.seen(), 0);
}

#[tokio::test]
async fn whoever_is_slow_is_left() {
    let canary = Canary::new();
    let quick = Policy {
        seconds_max: 1,
        ..policy()
    };
    let drip = |head: &'static [u8]| {
        site(move |_, stream| {
            use std::io::Write;
            stream.write_all(head)?;
            loop {
                stream.write_all(b"x")?;
                std::thread::park_timeout(Duration::from_millis(50));
            }
        })
    };
    for head in [
        &b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100000\r\n\r\n"[..],
        b"HTTP/1.1 200 OK\r\nX-Slow: ",
        b"",
    ] {
        let net = Net::new(drip(head), &canary);
        let started = Instant::now();
        let outcome = net.fetcher().get("http://site.example/", &quick).await;
        if head.is_empty() {
            // no answer begins like that, so it is not waited for
            refused(outcome, "upstream", "");
        } else {
            refused(outcome, "invalid", "within 1 seconds");
        }
        assert!(
            started.elapsed() < Duration::from_secs(8),
            "{:?}",
            started.elapsed()
        );
    }
}
