//! What `concierge check` says of the chains of the settings.

use std::{fs, path::Path};

use serde_json::Value;

use super::{anvil::Anvil, till::XPUB};
use crate::{
    process::{beside, run},
    world::World,
};

/// Whether the line about chains is well, what it says, and the code that the program ended with.
fn checked(at: &Path, set: &str) -> (bool, String, i32) {
    let ran = run(at, &["check", "--json", "--set", set]);
    let mut lines = ran
        .out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let line = lines.find(|line| line["what"] == "chains").unwrap();
    let says = line["says"].as_str().unwrap().to_owned();
    (line["ok"] == true, says, ran.code)
}

#[tokio::test]
async fn check_says_whether_nodes_and_tokens_are_what_the_settings_say() {
    let (world, anvil) = (World::new().await, Anvil::start().await);
    let usdt = anvil.deploy("Token", &["0".into()]).await;
    let top = anvil.top().await;
    let folder = beside(&world);
    let at = folder.path();
    assert_eq!(
        checked(at, "chat.passages=6").1,
        "none, nothing is paid on chains"
    );
    let path = at.join("config.ini");
    let before = fs::read_to_string(&path).unwrap();
    let chain = format!(
        "[chain.local]\nrpc_url = {}\nchain_id = 31337\nxpub = {XPUB}\ntokens = USDT {usdt} 6 100 usd\ncoin = ETH 320000 usd\n",
        anvil.url
    );
    fs::write(&path, format!("{before}{chain}")).unwrap();
    let whole = format!("local (chain 31337, block {top}, nodes 1, ETH USDT)");
    let (well, says, code) = checked(at, "chain.local.poll_seconds=15");
    assert_eq!((well, says, code), (true, whole, 0));
    let nobody = format!("0x{}", "ab".repeat(20));
    let (away, witness) = ("http://127.0.0.1:1/secret-key", "chain.local.witness_url=");
    for (set, expected) in [
        (format!("chain.local.rpc_url={away}"), "the node 127.0.0.1"),
        // the second one is asked too
        (format!("{witness}{away}"), "the node 127.0.0.1"),
        (
            "chain.local.chain_id=5".into(),
            "it serves chain 31337, the settings name 5",
        ),
        (
            format!("chain.local.tokens=USDT {usdt} 18 100 usd"),
            "its contract has 6 decimals, the settings say 18",
        ),
        (
            format!("chain.local.tokens=USDT {nobody} 6 100 usd"),
            "there is no token at",
        ),
        ("chain.local.xpub=x".into(), "xpub"),
    ] {
        let (well, says, code) = checked(at, &set);
        assert_eq!((well, code), (false, 1), "{set}: {says}");
        assert!(
            says.contains("[chain.local]") && says.contains(expected),
            "{set}: {says}"
        );
        assert!(!says.contains("secret-key"), "{says}");
    }
}
