//! What servers answer: the right thing, the wrong thing, too much, too little.

use std::{
    io::{self, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
};

use concierge::{
    error::Result,
    fetch::{Fetched, Policy},
};
use flate2::{Compression, write::GzEncoder};
use tokio_rustls::rustls::{
    ServerConfig, ServerConnection, Stream,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer},
};

use super::{
    net::{Canary, Net, answer, site},
    policy, refused,
};

async fn get_with(server: SocketAddr, url: &str, policy: &Policy) -> Result<Fetched> {
    let net = Net::new(server, &Canary::new());
    net.fetcher().get(url, policy).await
}

/// Fetches from a server that writes this.
async fn fetch(bytes: Vec<u8>) -> Result<Fetched> {
    let server = site(move |_, stream| stream.write_all(&bytes));
    get_with(server, "http://site.example/a/b", &policy()).await
}

fn text(headers: &str, body: &[u8]) -> Vec<u8> {
    answer(
        "200 OK",
        &format!("Content-Type: text/plain\r\n{headers}"),
        body,
    )
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(body).unwrap();
    packed.finish().unwrap()
}

#[tokio::test]
async fn a_document_comes_with_its_name_and_type() {
    let server = site(|head, stream| {
        let lines: Vec<&str> = head.lines().collect();
        assert_eq!(lines[0], "GET /%E4%BF%9D.md?v=1&x=%20 HTTP/1.1");
        let has = |line: &str| lines.iter().any(|found| found.eq_ignore_ascii_case(line));
        assert!(has("host: www.site.example") && has("connection: close"));
        for forbidden in ["cookie", "authorization", "referer", "proxy-"] {
            let found = lines
                .iter()
                .any(|line| line.to_ascii_lowercase().starts_with(forbidden));
            assert!(!found, "{head}");
        }
        let headers = "Content-Type: Text/Markdown; charset=gbk\r\n\
            Content-Disposition: attachment; filename*=UTF-8''%E4%BF%9D%E4%BF%AE.md\r\n";
        stream.write_all(&answer("200 OK", headers, "# 保修".as_bytes()))
    });
    let url = "http://www.site.example:80/保.md?v=1&x=%20#top";
    let fetched = get_with(server, url, &policy()).await.unwrap();
    let expected = Fetched {
        final_url: "http://www.site.example/%E4%BF%9D.md?v=1&x=%20".to_owned(),
        media_type: "Text/Markdown; charset=gbk".to_owned(),
        file_name: Some("保修.md".to_owned()),
        bytes: "# 保修".as_bytes().to_vec(),
    };
    assert_eq!(fetched, expected);
    let unnamed = fetch(answer("200 OK", "", b"x")).await.unwrap();
    assert_eq!(unnamed.media_type, "application/octet-stream");
    assert_eq!(unnamed.file_name.as_deref(), Some("b"));
}

#[tokio::test]
async fn other_types_and_failures_are_refused() {
    for media_type in [
        "image/png",
        "video/mp4",
        "application/json",
        "text/css; x=text/plain",
        "x",
    ] {
        let headers = format!("Content-Type: {media_type}\r\n");
        refused(
            fetch(answer("200 OK", &headers, b"x")).await,
            "unsupported",
            "text/html",
        );
    }
    for (status, code) in [
        ("404 Not Found", "invalid"),
        ("403 Forbidden", "invalid"),
        ("204 No Content", "invalid"),
        ("206 Partial Content", "invalid"),
        ("304 Not Modified", "upstream"),
        ("500 Oops", "upstream"),
        ("503 Busy", "upstream"),
    ] {
        refused(
            fetch(answer(status, "Content-Type: text/plain\r\n", b"")).await,
            code,
            &status[..3],
        );
    }
    refused(
        fetch(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()).await,
        "upstream",
        "",
    );
    refused(fetch(b"".to_vec()).await, "upstream", "");
}

#[tokio::test]
async fn more_than_the_limit_is_refused_however_it_comes() {
    let small = Policy::documents(1_000, &[]).unwrap();
    let get = async |bytes: Vec<u8>| {
        let server = site(move |_, stream| stream.write_all(&bytes));
        get_with(server, "http://site.example/", &small).await
    };
    assert_eq!(
        get(text("", &[b'x'; 1_000])).await.unwrap().bytes.len(),
        1_000
    );
    refused(
        get(text("", &[b'x'; 1_001])).await,
        "too_large",
        "1000 bytes",
    );
    // a length that is a lie
    let lie =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10000000000\r\n\r\nx";
    refused(get(lie.to_vec()).await, "too_large", "1000 bytes");
    // no length, and no end
    for head in ["Transfer-Encoding: chunked\r\n", ""] {
        let endless = site(move |_, stream: &mut TcpStream| -> io::Result<()> {
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n{head}\r\n"
            )?;
            loop {
                let chunk: &[u8] = if head.is_empty() {
                    b"xxxx"
                } else {
                    b"4\r\nxxxx\r\n"
                };
                stream.write_all(chunk)?;
            }
        });
        refused(
            get_with(endless, "http://site.example/", &small).await,
            "too_large",
            "1000 bytes",
        );
    }
    // a head without end
    let endless = site(|_, stream: &mut TcpStream| -> io::Result<()> {
        stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
        loop {
            stream.write_all(b"X-More: and more\r\n")?;
        }
    });
    refused(
        get_with(endless, "http://site.example/", &small).await,
        "upstream",
        "",
    );
}

#[tokio::test]
async fn packed_documents_are_counted_unpacked() {
    let packed = |body: &[u8]| text("Content-Encoding: gzip\r\n", body);
    assert_eq!(
        fetch(packed(&gzip(b"hello"))).await.unwrap().bytes,
        b"hello"
    );
    let two = [gzip(b"hel"), gzip(b"lo")].concat();
    assert_eq!(fetch(packed(&two)).await.unwrap().bytes, b"hello");
    let full = gzip(&vec![b'x'; 1 << 20]);
    assert_eq!(fetch(packed(&full)).await.unwrap().bytes.len(), 1 << 20);
    let bomb = gzip(&vec![0; 200 << 20]);
    assert!(bomb.len() < 1 << 20);
    refused(fetch(packed(&bomb)).await, "too_large", "1048576 bytes");
    let nothing = gzip(b"").repeat(60_000);
    refused(fetch(packed(&nothing)).await, "too_large", "1048576 bytes");
    let cut = gzip(&b"hello world ".repeat(1_000));
    refused(fetch(packed(&cut[..cut.len() - 9])).await, "upstream", "");
    refused(
        fetch(packed(b"not packed at all")).await,
        "upstream",
        "unpack",
    );
    for encoding in ["br", "gzip, gzip", "deflate"] {
        let headers = format!("Content-Encoding: {encoding}\r\n");
        refused(fetch(text(&headers, b"x")).await, "unsupported", "packed");
    }
}

#[tokio::test]
async fn a_document_that_breaks_off_is_not_taken() {
    let short = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nhalf";
    refused(fetch(short.to_vec()).await, "upstream", "receive");
    let chunked = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf";
    refused(fetch(chunked.to_vec()).await, "upstream", "receive");
}

#[tokio::test]
async fn a_server_that_cannot_prove_its_name_is_not_believed() {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let chain = vec![CertificateDer::from(
        &include_bytes!("../../fixtures/tls/site.der")[..],
    )];
    let key = PrivateKeyDer::try_from(&include_bytes!("../../fixtures/tls/site.key.der")[..]);
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key.unwrap().clone_key())
        .unwrap();
    let config = Arc::new(config);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = listener.local_addr().unwrap();
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut connection = ServerConnection::new(config).unwrap();
        // the client breaks off while the two shake hands
        io::Read::read(&mut Stream::new(&mut connection, &mut stream), &mut [0])
            .is_ok_and(|n| n > 0)
    });
    let outcome = get_with(server, "https://site.example/", &policy()).await;
    refused(outcome, "upstream", "certificate");
    assert!(
        !asked.join().unwrap(),
        "nothing is asked of a server before it is known"
    );
}
