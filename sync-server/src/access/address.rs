//! From which address a request comes, also through proxies.

use std::net::{IpAddr, Ipv6Addr};

use clap::ValueEnum;
use ipnet::IpNet;

/// The address at the other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// In which header a proxy says whom it speaks for. One alone is read: what the proxy does not write itself, a caller can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum ForwardedHeader {
    /// `X-Forwarded-For: CLIENT, PROXY`.
    #[default]
    XForwardedFor,
    /// `Forwarded: for=CLIENT, for=PROXY` (RFC 7239).
    Forwarded,
}

impl ForwardedHeader {
    /// Name of the header.
    pub(crate) fn name(self) -> &'static str {
        match self {
            ForwardedHeader::XForwardedFor => "x-forwarded-for",
            ForwardedHeader::Forwarded => "forwarded",
        }
    }

    /// The address in one entry of the list.
    fn address(self, entry: &str) -> Option<IpAddr> {
        let text = match self {
            ForwardedHeader::XForwardedFor => entry.trim(),
            ForwardedHeader::Forwarded => {
                let mut pairs = entry.split(';').filter_map(|pair| pair.trim().split_once('='));
                pairs.find(|(name, _)| name.eq_ignore_ascii_case("for"))?.1.trim_matches('"')
            }
        };
        if let Ok(address) = text.parse() {
            return Some(address);
        }
        if let Some(rest) = text.strip_prefix('[') {
            return rest.split_once(']')?.0.parse().ok();
        }
        text.rsplit_once(':')?.0.parse().ok()
    }
}

/// The proxies that are believed. Without any, nobody is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Proxies {
    /// Where they are.
    pub(crate) trusted: Vec<IpNet>,
    /// Which header they write.
    pub(crate) header: ForwardedHeader,
}

impl Proxies {
    /// The client's address: the right-most one that is no trusted proxy's, beginning with the peer. What stands left of it was
    /// written by strangers.
    pub(crate) fn client<'a>(
        &self,
        Peer(peer): Peer,
        headers: impl DoubleEndedIterator<Item = &'a str>,
    ) -> IpAddr {
        let mut address = peer.to_canonical();
        for entry in headers.rev().flat_map(|line| line.rsplit(',')) {
            if !self.trusted.iter().any(|net| net.contains(&address)) {
                break;
            }
            // Behind what can not be read nobody is known: the last one that is counts.
            let Some(before) = self.header.address(entry) else { break };
            address = before.to_canonical();
        }
        address
    }
}

/// What is counted as one caller: an IPv4 address, or the network of an IPv6 address (64 bits), all of which one line has.
pub(super) fn caller(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(header: ForwardedHeader, trusted: &[&str], peer: &str, lines: &[&str]) -> String {
        let trusted = trusted.iter().map(|net| net.parse().unwrap()).collect();
        let peer = Peer(peer.parse().unwrap());
        Proxies { trusted, header }.client(peer, lines.iter().copied()).to_string()
    }

    #[test]
    fn the_right_most_address_that_is_no_trusted_proxy_counts() {
        let of = |trusted: &[&str], peer, lines: &[&str]| {
            client(ForwardedHeader::XForwardedFor, trusted, peer, lines)
        };
        let proxy = ["10.0.0.0/8"];
        assert_eq!(of(&[], "10.0.0.1", &["1.1.1.1"]), "10.0.0.1", "nobody is believed");
        assert_eq!(of(&proxy, "2.2.2.2", &["1.1.1.1"]), "2.2.2.2", "no proxy");
        assert_eq!(of(&proxy, "10.0.0.1", &["1.1.1.1"]), "1.1.1.1");
        assert_eq!(
            of(&proxy, "10.0.0.1", &["9.9.9.9, 1.1.1.1, 10.0.0.2"]),
            "1.1.1.1",
            "the left is invented"
        );
        assert_eq!(
            of(&proxy, "10.0.0.1", &["9.9.9.9", "1.1.1.1,10.0.0.2"]),
            "1.1.1.1",
            "two lines are one list"
        );
        assert_eq!(of(&proxy, "10.0.0.1", &["1.1.1.1, nonsense"]), "10.0.0.1", "unreadable");
        assert_eq!(of(&proxy, "10.0.0.1", &["10.0.0.3"]), "10.0.0.3", "all are proxies");
        assert_eq!(of(&proxy, "10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(of(&proxy, "::ffff:10.0.0.1", &["1.1.1.1:5000"]), "1.1.1.1", "mapped, and with a port");
    }

    #[test]
    fn forwarded_is_read_as_its_rfc_has_it() {
        let of = |line| client(ForwardedHeader::Forwarded, &["10.0.0.0/8"], "10.0.0.1", &[line]);
        assert_eq!(of("for=1.1.1.1;proto=https;by=10.0.0.1"), "1.1.1.1");
        assert_eq!(of("for=9.9.9.9, For=\"[2001:db8::1]:4711\""), "2001:db8::1");
        assert_eq!(of("for=unknown"), "10.0.0.1");
        assert_eq!(of("1.1.1.1"), "10.0.0.1");
    }

    #[test]
    fn addresses_of_one_line_are_one_caller() {
        let of = |text: &str| caller(text.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(of("1.2.3.4"), "1.2.3.4");
    }
}
