//! A chain of our own on loopback: anvil, with contracts of ours, whose blocks are made when a test
//! says so.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::OnceLock,
    time::Duration,
};

use concierge::billing::chain::Address;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

/// The number of the chain.
pub const CHAIN_ID: u64 = 31_337;
/// How long a start may take on a busy machine.
const START_SECONDS_MAX: u64 = 60;

/// A running chain; it ends with this value.
pub struct Anvil {
    pub url: String,
    /// Accounts that hold coins; the first one holds all tokens too.
    pub accounts: Vec<String>,
    http: reqwest::Client,
    _child: Child,
}

/// The folder with the program and the contracts.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/chain")
}

/// The program that npm brought, else the one of the search path.
fn program() -> PathBuf {
    let brought = folder().join("node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil");
    if brought.exists() {
        brought
    } else {
        "anvil".into()
    }
}

/// Our contracts, compiled: see tests/chain/compile.mjs.
fn contracts() -> &'static Value {
    static CONTRACTS: OnceLock<Value> = OnceLock::new();
    CONTRACTS.get_or_init(|| {
        let text = std::fs::read_to_string(folder().join("contracts.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    })
}

/// Addresses that another library derived.
pub fn golden_addresses() -> Vec<Value> {
    let text = std::fs::read_to_string(folder().join("addresses.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// A call of a contract's method with words of 32 bytes.
pub fn call(contract: &str, method: &str, words: &[String]) -> String {
    let methods = contracts()[contract]["methods"].as_object().unwrap();
    let found = methods
        .iter()
        .find(|(name, _)| name.starts_with(&format!("{method}(")));
    let words: Vec<String> = words.iter().map(|word| format!("{word:0>64}")).collect();
    format!("0x{}{}", found.unwrap().1.as_str().unwrap(), words.concat())
}

/// An address as a word.
pub fn word_of(address: &str) -> String {
    address.trim_start_matches("0x").to_lowercase()
}

/// A number as a word.
pub fn word(number: u128) -> String {
    format!("{number:x}")
}

impl Anvil {
    pub async fn start() -> Self {
        Self::of(CHAIN_ID).await
    }

    /// A chain of this number.
    pub async fn of(chain_id: u64) -> Self {
        let mut child = Command::new(program())
            .args([
                "--port",
                "0",
                "--accounts",
                "3",
                "--chain-id",
                &chain_id.to_string(),
                "--no-mining",
                "--order",
                "fifo",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("no anvil: run `make test`, or npm ci in tests/chain");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let listening = async {
            loop {
                let line = lines.next_line().await.unwrap().expect("anvil ended");
                if let Some((_, address)) = line.split_once("Listening on ") {
                    break format!("http://{}", address.trim());
                }
            }
        };
        let url = timeout(Duration::from_secs(START_SECONDS_MAX), listening)
            .await
            .unwrap();
        // read on, or it would wait for a reader
        #[expect(clippy::disallowed_methods, reason = "it ends with its chain")]
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let mut anvil = Self {
            url,
            accounts: Vec::new(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            _child: child,
        };
        let accounts = anvil.ask("eth_accounts", json!([])).await;
        anvil.accounts = serde_json::from_value(accounts).unwrap();
        anvil
    }

    /// What the node answers.
    pub async fn ask(&self, method: &str, params: Value) -> Value {
        let question = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let answer = self
            .http
            .post(&self.url)
            .json(&question)
            .send()
            .await
            .unwrap();
        let mut answer: Value = answer.json().await.unwrap();
        assert!(answer["error"].is_null(), "{method} {params}: {answer}");
        answer["result"].take()
    }

    /// Makes blocks; the first takes up what waits.
    pub async fn mine(&self, blocks: u64) {
        self.ask("anvil_mine", json!([format!("{blocks:#x}")]))
            .await;
    }

    /// The number of the block on top.
    pub async fn top(&self) -> u64 {
        number(&self.ask("eth_blockNumber", json!([])).await)
    }

    /// A contract of ours; its address.
    pub async fn deploy(&self, contract: &str, words: &[String]) -> String {
        let code = contracts()[contract]["code"].as_str().unwrap();
        let words: Vec<String> = words.iter().map(|word| format!("{word:0>64}")).collect();
        let data = format!("0x{code}{}", words.concat());
        let tx = self.sends(json!({"data": data})).await;
        self.mine(1).await;
        let receipt = self.ask("eth_getTransactionReceipt", json!([tx])).await;
        assert_eq!(receipt["status"], "0x1", "{receipt}");
        let address = receipt["contractAddress"].as_str().unwrap();
        Address::parse(address).unwrap().to_string()
    }

    /// A transaction of the first account, which waits for a block.
    pub async fn sends(&self, mut transaction: Value) -> String {
        transaction["from"] = json!(self.accounts[0]);
        transaction["gas"] = json!("0x1e8480");
        let hash = self.ask("eth_sendTransaction", json!([transaction])).await;
        hash.as_str().unwrap().to_owned()
    }

    /// Sends a token.
    pub async fn sends_token(&self, token: &str, to: &str, amount: u128) -> String {
        self.sends(transfer(token, to, amount)).await
    }

    /// Sends the coin.
    pub async fn sends_coin(&self, to: &str, amount: u128) -> String {
        self.sends(coin(to, amount)).await
    }

    /// Replaces the latest blocks by others, with these transactions in the n-th of them.
    pub async fn reorganises(&self, depth: u64, transactions: &[(Value, u64)]) {
        let pairs: Vec<Value> = transactions
            .iter()
            .map(|(transaction, block)| {
                let mut transaction = transaction.clone();
                transaction["from"] = json!(self.accounts[0]);
                transaction["gas"] = json!("0x1e8480");
                json!([transaction, block])
            })
            .collect();
        self.ask("anvil_reorg", json!([depth, pairs])).await;
    }

    /// The next block is made this long after the one on top.
    pub async fn waits(&self, seconds: u64) {
        self.ask("evm_increaseTime", json!([seconds])).await;
    }

    /// Makes blocks, the first of them at this time.
    pub async fn mines_at(&self, at: i64, blocks: u64) {
        self.ask("evm_setNextBlockTimestamp", json!([at])).await;
        self.mine(blocks).await;
    }

    /// The time of a block, in seconds.
    pub async fn time_of(&self, block: u64) -> i64 {
        let number_of = json!([format!("{block:#x}"), false]);
        let block = self.ask("eth_getBlockByNumber", number_of).await;
        number(&block["timestamp"]).cast_signed()
    }

    /// What an address has of the coin up to this block.
    pub async fn holds(&self, address: &str, until: u64) -> u128 {
        let params = json!([address, format!("{until:#x}")]);
        big(&self.ask("eth_getBalance", params).await)
    }

    /// What arrived at an address by a token's logs up to this block, by asking the chain itself.
    pub async fn arrived(&self, token: &str, address: &str, until: u64) -> u128 {
        let topic = format!("0x{:0>64}", word_of(address));
        let transfer = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
        let filter = json!({"fromBlock": "0x0", "toBlock": format!("{until:#x}"), "address": token,
            "topics": [transfer, null, topic]});
        let logs = self.ask("eth_getLogs", json!([filter])).await;
        let amounts = logs.as_array().unwrap().iter().map(|log| big(&log["data"]));
        amounts.sum()
    }
}

/// A transfer of a token.
pub fn transfer(token: &str, to: &str, amount: u128) -> Value {
    let data = call("Token", "transfer", &[word_of(to), word(amount)]);
    json!({"to": token, "data": data})
}

/// A transfer of the coin.
pub fn coin(to: &str, amount: u128) -> Value {
    json!({"to": to, "value": format!("{amount:#x}")})
}

pub fn number(value: &Value) -> u64 {
    u64::try_from(big(value)).unwrap()
}

fn big(value: &Value) -> u128 {
    u128::from_str_radix(value.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}
