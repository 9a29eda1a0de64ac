//! Settings of chains that cannot be are refused with the key to change.

use concierge::{billing::chain::Chains, config::Config};

const TOKEN: &str = "USDT 0xdAC17F958D2ee523a2206206994597C13D831ec7 6 100 usd";

fn chains(set: &[(&str, &str)]) -> Result<Chains, String> {
    let mut all = vec![
        ("rpc_url", "https://node.example/secret-key"),
        ("xpub", super::till::XPUB),
        ("tokens", TOKEN),
    ];
    all.extend(set);
    let all: Vec<(String, String)> = all
        .into_iter()
        .map(|(key, value)| (format!("chain.main.{key}"), value.to_owned()))
        .collect();
    let config = Config::assemble("", "/".into(), [], &all).unwrap();
    Chains::new(&config).map_err(|error| format!("{error:#}"))
}

#[test]
fn a_chain_is_printed_without_the_keys_in_its_addresses() {
    let printed = format!("{:?}", chains(&[]).unwrap());
    assert!(printed.contains("node.example"), "{printed}");
    assert!(!printed.contains("secret-key"), "{printed}");
}

#[test]
fn a_chain_is_read_with_its_tokens() {
    let read = chains(&[("coin", "ETH 320000.5 usd")]).unwrap();
    let chain = read.find("main").unwrap();
    let assets: Vec<&str> = chain
        .tokens
        .iter()
        .map(|token| token.asset.as_str())
        .collect();
    assert_eq!(
        assets,
        [
            "eip155:1/slip44:60",
            "eip155:1/erc20:0xdAC17F958D2ee523a2206206994597C13D831ec7"
        ]
    );
    let ways = |currency| -> Vec<String> {
        let quotes = read.quotes(1_250, currency);
        quotes.iter().map(|quote| quote.pay_with()).collect()
    };
    assert_eq!(ways("USD"), ["main/ETH", "main/USDT"]);
    assert_eq!(ways("CNY"), [""; 0]);
    assert_eq!(
        read.quote("main/USDT", 1_250, "usd")
            .unwrap()
            .amount
            .to_string(),
        "12500000"
    );
    for (way, currency) in [
        ("main/USDC", "usd"),
        ("main", "usd"),
        ("x/USDT", "usd"),
        ("main/USDT", "cny"),
    ] {
        assert!(read.quote(way, 1_250, currency).is_err(), "{way}");
    }
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    let two = format!("{TOKEN}, {TOKEN}");
    for (key, value, says) in [
        ("rpc_url", "", "rpc_url is empty"),
        ("rpc_url", "nonsense", "rpc_url: this is not an address"),
        ("rpc_url", "http://node.example", "rpc_url: write https://"),
        (
            "witness_url",
            "http://10.0.0.1:8545",
            "witness_url: write https://",
        ),
        ("rpc_url", "ftp://127.0.0.1", "rpc_url: write https://"),
        ("xpub", "", "xpub: give an extended public key"),
        ("xpub", "xprv9s21ZrQH", "xpub: this is a private key"),
        ("tokens", "", "has neither tokens nor a coin"),
        ("tokens", "USDT 0x00 6 100 usd", "write SYMBOL CONTRACT"),
        (
            "tokens",
            "USDT 0xdAC17F958D2ee523a2206206994597C13D831eC7 6 100 usd",
            "write SYMBOL CONTRACT",
        ),
        (
            "tokens",
            "USDT 0xdAC17F958D2ee523a2206206994597C13D831ec7 6 0 usd",
            "write SYMBOL CONTRACT",
        ),
        (
            "tokens",
            "USDT 0xdAC17F958D2ee523a2206206994597C13D831ec7 99 100 usd",
            "write SYMBOL CONTRACT",
        ),
        ("tokens", two.as_str(), "is there twice"),
        ("coin", "ETH 1e308 usd", "write SYMBOL PRICE CURRENCY"),
        ("chain_id", "0", "chain_id = 0: must be from 1"),
        ("confirmations", "0", "confirmations = 0"),
        ("overlap_blocks", "20", "at least twice confirmations"),
    ] {
        let refused = chains(&[(key, value)]).unwrap_err();
        assert!(refused.contains(says), "{key} = {value}: {refused}");
        assert!(!refused.contains("secret-key"), "{refused}");
    }
    // each block of a coin is a question: more of them than a look has time for would never be read
    let slow = [("requests_per_second", "1"), ("coin", "ETH 320000 usd")];
    let refused = chains(&slow).unwrap_err();
    assert!(
        refused.contains("overlap_blocks = 64: with a coin"),
        "{refused}"
    );
    assert!(chains(&slow[..1]).is_ok());
    // this machine itself may be asked without TLS
    for loopback in [
        "http://127.0.0.1:8545",
        "http://localhost:8545",
        "http://[::1]:8545",
    ] {
        assert!(chains(&[("rpc_url", loopback)]).is_ok(), "{loopback}");
    }
}
