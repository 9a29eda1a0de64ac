//! `localstripe` of PyPI as a process of its own, with objects that somebody else wrote.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
};

use crate::{golden::python_libraries, verbs::eventually};

/// The process; ended when dropped.
pub struct Localstripe {
    child: Child,
    pub base: String,
}

/// On one address only, and without a file of its state that others would read.
const START: &str = "import sys
from aiohttp import web
from localstripe.resources import store
from localstripe.server import app
type(store).dump_to_disk = lambda self: None
web.run_app(app, host='127.0.0.1', port=int(sys.argv[1]), print=None)";

impl Localstripe {
    pub async fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let child = Command::new("python3")
            .env("PYTHONPATH", python_libraries())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .args(["-c", START, &port.to_string()])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let base = format!("http://127.0.0.1:{port}");
        let started = Self { child, base };
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        eventually("localstripe listens", async || {
            let asked = http
                .get(format!("{}/v1/refunds", started.base))
                .send()
                .await;
            asked.ok().filter(|answer| answer.status() == 401)
        })
        .await;
        started
    }
}

impl Drop for Localstripe {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
