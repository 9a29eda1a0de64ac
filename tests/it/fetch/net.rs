//! A small internet on the loopback: names, servers, and a canary that nobody may reach.

use std::{
    collections::HashMap,
    io::{self, Read, Write},
    net::{IpAddr, SocketAddr, TcpListener, TcpStream as StdStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use concierge::fetch::{Dial, Fetcher, Resolve};
use futures_util::future::BoxFuture;
use tokio::net::TcpStream;

/// Where `site.example` is.
pub const SITE: &str = "93.184.215.14";

/// Counts who comes.
pub struct Canary {
    pub address: SocketAddr,
    seen: Arc<AtomicUsize>,
}

impl Canary {
    /// Listens on all addresses of the loopback.
    pub fn new() -> Self {
        let seen = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&seen);
        let address = serve("0.0.0.0:0", move |_, _| {
            counter.fetch_add(1, Ordering::SeqCst);
            Ok(())
        });
        let address = SocketAddr::new([127, 0, 0, 1].into(), address.port());
        Self { address, seen }
    }

    /// How many connections came. A connection of our own goes last and is waited for, so that
    /// none before it can be overlooked.
    pub fn seen(&self) -> usize {
        let before = self.seen.load(Ordering::SeqCst);
        let mut own = StdStream::connect(self.address).unwrap();
        own.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        own.read_to_end(&mut Vec::new()).unwrap();
        let after = self.seen.swap(0, Ordering::SeqCst);
        assert!(after > before);
        after - 1
    }
}

/// Serves each connection on one thread, in the order in which they come: `handler` gets the
/// head of the request. Ends with the process.
pub fn serve(
    listen: &str,
    handler: impl Fn(&str, &mut StdStream) -> io::Result<()> + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind(listen).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
            let Ok(head) = read_head(&mut stream) else {
                // a client that says nothing is seen all the same
                let _ = handler("", &mut stream);
                continue;
            };
            // a client that has heard enough hangs up
            let _ = handler(&head, &mut stream);
        }
    });
    address
}

fn read_head(stream: &mut StdStream) -> io::Result<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > 64 << 10 || stream.read(&mut byte)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        head.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// A server on the loopback that stands for `site.example`.
pub fn site(
    handler: impl Fn(&str, &mut StdStream) -> io::Result<()> + Send + 'static,
) -> SocketAddr {
    serve("127.0.0.1:0", handler)
}

/// A whole answer.
pub fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// The path a request asks for.
pub fn path(head: &str) -> &str {
    head.split(' ').nth(1).unwrap_or("")
}

/// Names and where addresses lead. Whatever is not a known server leads to the canary.
pub struct Net {
    names: Mutex<HashMap<String, Vec<Vec<IpAddr>>>>,
    servers: HashMap<IpAddr, SocketAddr>,
    canary: SocketAddr,
    asked: Mutex<Vec<String>>,
    dialled: Mutex<Vec<SocketAddr>>,
}

impl Net {
    /// `site.example` and `www.site.example` are at [`SITE`]; every other name leads inside.
    pub fn new(site: SocketAddr, canary: &Canary) -> Arc<Self> {
        let net = Self {
            names: Mutex::default(),
            servers: HashMap::from([(SITE.parse().unwrap(), site)]),
            canary: canary.address,
            asked: Mutex::default(),
            dialled: Mutex::default(),
        };
        net.name("site.example", &[&[SITE]]);
        net.name("www.site.example", &[&[SITE]]);
        Arc::new(net)
    }

    /// What a name resolves to: the first time, the second, …; the last answer stays.
    pub fn name(&self, name: &str, answers: &[&[&str]]) {
        let parse = |answer: &&[&str]| answer.iter().map(|ip| ip.parse().unwrap()).collect();
        let answers: Vec<Vec<IpAddr>> = answers.iter().map(parse).collect();
        self.names.lock().unwrap().insert(name.to_owned(), answers);
    }

    pub fn fetcher(self: &Arc<Self>) -> Fetcher {
        Fetcher::with(Arc::<Self>::clone(self), Arc::<Self>::clone(self))
    }

    /// The names that were asked for, each time.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// The addresses that were dialled, each time.
    pub fn dialled(&self) -> Vec<String> {
        let dialled = self.dialled.lock().unwrap();
        dialled.iter().map(SocketAddr::to_string).collect()
    }
}

impl Resolve for Net {
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        self.asked.lock().unwrap().push(name.to_owned());
        let mut names = self.names.lock().unwrap();
        let found = match names.get_mut(name) {
            Some(answers) if answers.len() > 1 => answers.remove(0),
            Some(answers) => answers[0].clone(),
            None => vec![[127, 0, 0, 1].into()],
        };
        Box::pin(async move { Ok(found) })
    }
}

impl Dial for Net {
    fn dial(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<TcpStream>> {
        self.dialled.lock().unwrap().push(address);
        let place = self
            .servers
            .get(&address.ip())
            .copied()
            .unwrap_or(self.canary);
        Box::pin(TcpStream::connect(place))
    }
}
