//! Servers as the command line and the observation file name them.

use crate::base::NameBuf;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// The port of DNS.
pub const PORT: u16 = 53;

/// One address of a server, and the host name it was found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The name server's name, if it was found and not given.
    pub host: Option<NameBuf>,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// A server known by its address alone.
    #[must_use]
    pub const fn at(address: SocketAddr) -> Self {
        Self { host: None, address }
    }
}

impl fmt::Display for Server {
    /// `192.0.2.1`, `127.0.0.1@5301`, `ns1.example. (2001:db8::1)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Some(host) => write!(f, "{host} ({})", AddressText(self.address)),
            None => write!(f, "{}", AddressText(self.address)),
        }
    }
}

/// An address as name server tools write it, the usual port left out.
pub(super) struct AddressText(pub(super) SocketAddr);

impl fmt::Display for AddressText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.port() {
            PORT => write!(f, "{}", self.0.ip()),
            port => write!(f, "{}@{port}", self.0.ip()),
        }
    }
}

/// A server as a user names it: by address, or by a host name that is still to be looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerName {
    /// `192.0.2.1`, `192.0.2.1@5300`, `192.0.2.1:5300`, `2001:db8::1`, `2001:db8::1@5300`, `[2001:db8::1]:5300`.
    Address(SocketAddr),
    /// `ns1.example.`, `ns1.example@5300`.
    Host(NameBuf, u16),
}

impl FromStr for ServerName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(address) = parse_address(text) {
            return Ok(Self::Address(address));
        }
        let wrong = || {
            format!(
                "\"{text}\" is no server: an address such as 192.0.2.1, 192.0.2.1@5300 or [2001:db8::1]:53, or a host name"
            )
        };
        let (host, port) = match text.split_once('@') {
            Some((host, port)) => (host, port.parse().map_err(|_| wrong())?),
            None => (text, PORT),
        };
        // What looks like an address and is none would make a strange name.
        if host.contains([':', '[', '/']) || host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            return Err(wrong());
        }
        Ok(Self::Host(host.parse().map_err(|_| wrong())?, port))
    }
}

/// Reads an address with or without a port; `None` if it is something else.
pub(super) fn parse_address(text: &str) -> Option<SocketAddr> {
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(SocketAddr::new(ip, PORT));
    }
    if let Some((ip, port)) = text.split_once('@') {
        return Some(SocketAddr::new(ip.parse().ok()?, port.parse().ok()?));
    }
    if let Some(ip) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return Some(SocketAddr::new(ip.parse().ok()?, PORT));
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read_in_every_form() {
        for (text, shown) in [
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.1@53", "192.0.2.1"),
            ("127.0.0.1@5301", "127.0.0.1@5301"),
            ("127.0.0.1:5301", "127.0.0.1@5301"),
            ("::1", "::1"),
            ("[::1]", "::1"),
            ("[::1]:53", "::1"),
            ("[::1]:5301", "::1@5301"),
            ("2001:db8::1@5301", "2001:db8::1@5301"),
        ] {
            match text.parse() {
                Ok(ServerName::Address(address)) => assert_eq!(Server::at(address).to_string(), shown, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
        assert_eq!("ns1.example@5301".parse(), Ok(ServerName::Host("ns1.example.".parse().unwrap(), 5301)));
        assert_eq!("ns1.example.".parse(), Ok(ServerName::Host("ns1.example.".parse().unwrap(), PORT)));
    }

    #[test]
    fn what_is_no_server_is_refused() {
        for text in
            ["", "192.0.2.256", "192.0.2", "[::1", "::1:x@", "ns1@x", "ns1:53", "https://ns1/", "a..b", "1.2.3.4@70000"]
        {
            assert!(text.parse::<ServerName>().is_err(), "{text}");
        }
    }
}
