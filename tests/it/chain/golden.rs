//! Addresses as other people's libraries make and write them.

use concierge::{
    billing::chain::{Address, Deposits},
    ids::ClientNo,
};

use super::anvil::golden_addresses;

/// The examples of EIP-55.
const CHECKSUMMED: [&str; 8] = [
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
    "0xde709f2102306220921060314715629080e2fb77",
    "0x27b1fdb04752bbc536007a920d24acb045561c26",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
];

#[test]
fn addresses_follow_from_the_key_as_ethers_derives_them() {
    let golden = golden_addresses();
    assert_eq!(golden.len(), 10);
    for row in golden {
        let key = Deposits::parse(row["key"].as_str().unwrap()).unwrap();
        let number = |name: &str| i32::try_from(row[name].as_i64().unwrap()).unwrap();
        let address = key
            .address(ClientNo(number("client")), number("index"))
            .unwrap();
        assert_eq!(address.to_string(), row["address"], "{row}");
    }
}

#[test]
fn addresses_are_written_with_their_checksum() {
    for text in CHECKSUMMED {
        assert_eq!(Address::parse(text).unwrap().to_string(), text);
        let small = text.to_lowercase();
        assert_eq!(Address::parse(&small).unwrap().to_string(), text);
    }
    for wrong in [
        "",
        "0x",
        "52908400098527886E0F7030069857D2E4169EE7",
        "0x52908400098527886E0F7030069857D2E4169EE",
        "0x52908400098527886E0F7030069857D2E4169EE71",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed",
        "0xzaAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    ] {
        assert_eq!(Address::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn only_a_key_that_receives_is_taken() {
    // the private key of BIP-32's test vector 1
    let private = "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi";
    let refused = Deposits::parse(private).unwrap_err().to_string();
    assert!(refused.contains("private key"), "{refused}");
    let broken = super::till::XPUB.replace("xpub661", "xpub662");
    for wrong in [
        "",
        "xpub",
        "0x00",
        "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap",
        &broken,
    ] {
        let refused = Deposits::parse(wrong).unwrap_err().to_string();
        assert!(refused.contains("xpub…"), "{wrong}: {refused}");
    }
}
