//! The address of a caller, behind the proxies that the operator named.

use std::net::{IpAddr, Ipv4Addr};

use poem::Request;

/// Proxies whose `X-Forwarded-For` is believed.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpAddr>);

impl TrustedProxies {
    /// Reads the configured list.
    pub fn parse(list: &[&str]) -> anyhow::Result<Self> {
        let parse = |item: &&str| {
            item.parse()
                .map_err(|error| anyhow::anyhow!("[server] trusted_proxies: {item}: {error}"))
        };
        Ok(Self(list.iter().map(parse).collect::<anyhow::Result<_>>()?))
    }

    /// The nearest address that is not a trusted proxy.
    pub fn caller(&self, request: &Request) -> IpAddr {
        let peer = request
            .remote_addr()
            .as_socket_addr()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |a| a.ip());
        self.of(peer, request.header("x-forwarded-for").unwrap_or_default())
    }

    fn of(&self, peer: IpAddr, forwarded: &str) -> IpAddr {
        let hops = forwarded
            .rsplit(',')
            .map_while(|hop| hop.trim().parse().ok());
        let mut caller = peer;
        for hop in hops {
            if !self.0.contains(&caller) {
                break;
            }
            caller = hop;
        }
        caller
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_named_proxies_are_believed() {
        let proxies = TrustedProxies::parse(&["10.0.0.1", "10.0.0.2"]).unwrap();
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        for (peer, forwarded, caller) in [
            ("9.9.9.9", "1.1.1.1", "9.9.9.9"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("10.0.0.1", "1.1.1.1", "1.1.1.1"),
            ("10.0.0.1", "6.6.6.6, 1.1.1.1", "1.1.1.1"),
            ("10.0.0.1", "1.1.1.1, 10.0.0.2", "1.1.1.1"),
            ("10.0.0.1", "nonsense", "10.0.0.1"),
        ] {
            assert_eq!(
                proxies.of(ip(peer), forwarded),
                ip(caller),
                "{peer} {forwarded}"
            );
        }
        assert!(TrustedProxies::parse(&["x"]).is_err());
    }
}
