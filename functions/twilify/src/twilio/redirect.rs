//! Where Twilio may send us for a file.
//!
//! A redirect names any host. It must not make a function ask one that only a function can reach, like Lambda's own
//! endpoints or a server of the company's network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tokio::net::lookup_host;
use url::{Host, Url};

/// Whether a file may be fetched from `url`: with `https`, from a host of the internet. A stand-in for Twilio on this
/// machine's loopback interface, as `api` tells, may redirect to that interface, too.
pub(super) async fn is_allowed(url: &Url, api: &Url) -> bool {
    if !url.username().is_empty() || url.password().is_some() {
        return false;
    }
    if is_loopback(url) {
        return is_loopback(api);
    }
    url.scheme() == "https"
        && match url.host() {
            Some(Host::Ipv4(address)) => is_public(address.into()),
            Some(Host::Ipv6(address)) => is_public(address.into()),
            Some(Host::Domain(name)) => resolves_well(name).await,
            None => false,
        }
}

/// Whether no address of the host is private. One without an address cannot be asked anything.
async fn resolves_well(name: &str) -> bool {
    lookup_host((name, 443)).await.is_ok_and(|found| are_public(found.map(|it| it.ip())))
}

/// Whether each of a host's addresses is public: nobody says which of them will be asked.
fn are_public(mut addresses: impl Iterator<Item = IpAddr>) -> bool {
    addresses.all(is_public)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        None => false,
    }
}

/// Whether an address is one of the internet, by the registries of
/// [IPv4](https://www.iana.org/assignments/iana-ipv4-special-registry/) and
/// [IPv6](https://www.iana.org/assignments/iana-ipv6-special-registry/).
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match address.segments() {
            // A translator's way to say an IPv4 address.
            [0x64, 0xff9b, 0, 0, 0, 0, ..] => is_public_v4(last_four_bytes(address)),
            // 6to4 and Teredo have an IPv4 address in them as well.
            [0x2002, ..] | [0x2001, 0, ..] => false,
            [first, ..] => first & 0xe000 == 0x2000,
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let shared = first == 100 && second & 0xc0 == 64;
    let for_protocols = (first, second, third) == (192, 0, 0);
    let for_benchmarks = first == 198 && second & 0xfe == 18;
    !(first == 0
        || first >= 224
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || shared
        || for_protocols
        || for_benchmarks)
}

fn last_four_bytes(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether Twilio, or a stand-in on this machine, may send us to `url`.
    fn allowed(url: &str) -> [bool; 2] {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        ["https://api.twilio.com/", "http://127.0.0.1:8080/"]
            .map(|api| runtime.block_on(is_allowed(&url.parse().unwrap(), &api.parse().unwrap())))
    }

    #[test]
    fn a_host_with_one_private_address_is_not_asked() {
        let public = |addresses: &[&str]| are_public(addresses.iter().map(|it| it.parse().unwrap()));
        assert!(public(&["93.184.215.14"]) && public(&["93.184.215.14", "2606:2800:21f::1"]));
        assert!(!public(&["93.184.215.14", "10.0.0.1"]) && !public(&["10.0.0.1", "93.184.215.14"]));
    }

    #[test]
    fn files_are_fetched_from_the_internet_with_https() {
        for url in [
            "https://1.1.1.1/x?Signature=1",
            "https://[2600:1f18::1]/x",
            "https://[64:ff9b::1.1.1.1]/x",
            // The neighbours of what is private.
            "https://9.255.255.255/x",
            "https://11.0.0.1/x",
            "https://100.63.255.255/x",
            "https://100.128.0.1/x",
            "https://101.64.0.1/x",
            "https://169.253.0.1/x",
            "https://172.15.0.1/x",
            "https://172.32.0.1/x",
            "https://192.0.1.1/x",
            "https://192.167.0.1/x",
            "https://198.17.0.1/x",
            "https://198.20.0.1/x",
            "https://197.18.0.1/x",
            "https://223.255.255.255/x",
            "https://[2000::1]/x",
            "https://[3fff:ffff::1]/x",
            "https://[2001:1::1]/x",
            "https://[2003::1]/x",
            "HTTPS://1.1.1.1:8443/x",
        ] {
            assert_eq!(allowed(url), [true, true], "{url}");
        }
    }

    #[test]
    fn no_redirect_leads_into_a_private_network() {
        for url in [
            "http://1.1.1.1/x",
            "ftp://1.1.1.1/x",
            "https://me@1.1.1.1/x",
            "https://:secret@1.1.1.1/x",
            "https://0.0.0.0/x",
            "https://10.1.2.3/x",
            "https://0x0a010203/x",
            "https://100.64.0.1/x",
            "https://100.127.255.255/x",
            "https://169.254.169.254/latest/meta-data/",
            "https://172.16.0.1/x",
            "https://172.31.255.255/x",
            "https://192.0.0.8/x",
            "https://192.168.0.1/x",
            "https://192.0.2.1/x",
            "https://198.18.0.1/x",
            "https://198.19.255.255/x",
            "https://198.51.100.1/x",
            "https://203.0.113.1/x",
            "https://224.0.0.1/x",
            "https://255.255.255.255/x",
            "https://[::]/x",
            "https://[::ffff:10.1.2.3]/x",
            "https://[::10.1.2.3]/x",
            "https://[64:ff9b::10.1.2.3]/x",
            "https://[2002:a01:203::1]/x",
            "https://[2001::1]/x",
            "https://[1fff::1]/x",
            "https://[4000::1]/x",
            "https://[64:ff9b:1::1.1.1.1]/x",
            "HTTPS://me@10.1.2.3/x",
            "https://[fc00::1]/x",
            "https://[fe80::1]/x",
            "https://[ff02::1]/x",
        ] {
            assert_eq!(allowed(url), [false, false], "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_is_as_private_as_its_addresses() {
        assert!(!resolves_well("localhost").await && !resolves_well("10.1.2.3").await);
        assert!(resolves_well("1.1.1.1").await);
    }

    #[test]
    fn only_a_stand_in_on_this_machine_leads_to_this_machine() {
        for url in [
            "http://127.0.0.1:9001/x",
            "https://127.1.2.3/x",
            "https://2130706433/x",
            "http://localhost:1/x",
            "https://x.localhost./x",
            "https://[::1]/x",
            "https://[::ffff:127.0.0.1]/x",
        ] {
            assert_eq!(allowed(url), [false, true], "{url}");
        }
    }
}
