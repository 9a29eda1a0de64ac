//! Settings that change while money is on its way.

use std::sync::Arc;

use concierge::{
    billing::chain::{Chain, Chains, Standing, State, Verdict},
    config::Config,
    jobs,
};

use super::{
    anvil::CHAIN_ID,
    till::{CONFIRMATIONS, CREDITS, PRICE, Till, XPUB},
};

/// The chain of a till by another name or with other settings.
fn chain(till: &Till, name: &str, set: &[(&str, String)]) -> Arc<Chain> {
    let mut all = vec![
        ("rpc_url", till.anvil.url.clone()),
        ("chain_id", CHAIN_ID.to_string()),
        ("xpub", XPUB.to_owned()),
        ("tokens", format!("USDT {} 6 100 usd", till.usdt)),
        ("coin", "ETH 320000 usd".to_owned()),
        ("confirmations", CONFIRMATIONS.to_string()),
        ("overlap_blocks", "32".to_owned()),
        ("requests_per_second", "1000".to_owned()),
    ];
    all.extend_from_slice(set);
    let all: Vec<(String, String)> = all
        .into_iter()
        .map(|(key, value)| (format!("chain.{name}.{key}"), value))
        .collect();
    let config = Config::assemble("", "/".into(), [], &all).unwrap();
    Chains::new(&config).unwrap().find(name).unwrap().clone()
}

#[tokio::test]
async fn a_chain_by_another_name_is_the_same_chain() {
    let till = Till::new().await;
    let deposit = till.orders("one", "local/USDT").await;
    let (id, address) = (deposit.order_id, deposit.address.as_str());
    let pays = async |amount| till.anvil.sends_token(&till.usdt, address, amount).await;
    pays(PRICE / 2).await;
    till.anvil.mine(1).await;
    till.looks().await.unwrap();
    // nobody looks while this one comes
    pays(1).await;
    till.anvil.mine(5).await;
    let renamed = chain(&till, "renamed", &[]);
    jobs::chain::catch_up(&till.world.app, &renamed)
        .await
        .unwrap();
    let counted = (State::Confirmed, Verdict::Counted, "0".to_owned());
    assert_eq!(till.verdicts(id).await, [counted.clone(), counted.clone()]);
    pays(PRICE / 2 - 1).await;
    till.anvil.mine(CONFIRMATIONS).await;
    jobs::chain::catch_up(&till.world.app, &renamed)
        .await
        .unwrap();
    assert_eq!(till.verdicts(id).await, vec![counted; 3]);
    assert_eq!(
        (till.standing(id).await, till.credits().await),
        (Standing::Paid, CREDITS)
    );
    till.balances().await;
}

#[tokio::test]
async fn a_later_start_leaves_out_what_is_between() {
    let till = Till::new().await;
    let deposit = till.orders("one", "local/USDT").await;
    till.looks().await.unwrap();
    let top = till.anvil.top().await;
    // not there yet: it is waited for
    let soon = chain(&till, "local", &[("start_block", (top + 5).to_string())]);
    jobs::chain::catch_up(&till.world.app, &soon).await.unwrap();
    till.anvil.mine(800).await;
    let later = chain(&till, "local", &[("start_block", (top + 750).to_string())]);
    jobs::chain::catch_up(&till.world.app, &later)
        .await
        .unwrap();
    let reach = till.reach().await;
    assert_eq!(reach.scanned, Some((top + 800).cast_signed()));
    till.anvil
        .sends_token(&till.usdt, &deposit.address, PRICE)
        .await;
    till.anvil.mine(CONFIRMATIONS).await;
    jobs::chain::catch_up(&till.world.app, &later)
        .await
        .unwrap();
    assert_eq!(till.standing(deposit.order_id).await, Standing::Paid);
}
