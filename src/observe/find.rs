//! Finds the servers of a zone and of its parent by asking a resolver.

use super::address::{PORT, Server, ServerName};
use super::client::Client;
use super::message::{NOERROR, NXDOMAIN, Question, Record, rcode_text};
use crate::base::{Name, NameBuf, Rtype};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Most servers of a zone that are asked; the root has 26 addresses.
const SERVERS_MAX: usize = 64;

/// A resolver and how to ask it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Finder<'a> {
    pub(super) client: &'a Client,
    pub(super) resolver: Option<SocketAddr>,
}

impl Finder<'_> {
    /// The zone above a name: the first of the names above it that has a SOA.
    pub(super) fn parent_zone(&self, zone: Name<'_>) -> Result<NameBuf, String> {
        for name in std::iter::successors(zone.parent(), |name| name.parent()) {
            if !self.ask(name, Rtype::SOA)?.is_empty() {
                return Ok(name.to_owned());
            }
        }
        Err(format!("no zone above {zone} was found"))
    }

    /// All addresses of all name servers of a zone.
    pub(super) fn servers(&self, zone: Name<'_>) -> Result<Vec<Server>, String> {
        let mut hosts: Vec<NameBuf> = Vec::new();
        for record in self.ask(zone, Rtype::NS)? {
            hosts.extend(Name::from_wire(&record.rdata).map(Name::to_owned));
        }
        if hosts.is_empty() {
            return Err(format!("{zone} has no NS RRset, says the resolver"));
        }
        let mut servers = Vec::new();
        let mut faults = Vec::new();
        for host in &hosts {
            match self.addresses(host.as_name(), PORT) {
                Ok(found) => servers.extend(found),
                Err(fault) => faults.push(fault),
            }
        }
        servers.truncate(SERVERS_MAX);
        if servers.is_empty() { Err(faults.join("; ")) } else { Ok(servers) }
    }

    /// The servers the user named, host names looked up.
    pub(super) fn given(&self, names: &[ServerName]) -> Result<Vec<Server>, String> {
        let mut servers = Vec::new();
        for name in names {
            match name {
                ServerName::Address(address) => servers.push(Server::at(*address)),
                ServerName::Host(host, port) => servers.extend(self.addresses(host.as_name(), *port)?),
            }
        }
        Ok(servers)
    }

    fn addresses(&self, host: Name<'_>, port: u16) -> Result<Vec<Server>, String> {
        let mut found: Vec<IpAddr> = Vec::new();
        for record in self.ask(host, Rtype::A)? {
            found.extend(<[u8; 4]>::try_from(record.rdata.as_slice()).map(Ipv4Addr::from).map(IpAddr::from));
        }
        for record in self.ask(host, Rtype::AAAA)? {
            found.extend(<[u8; 16]>::try_from(record.rdata.as_slice()).map(Ipv6Addr::from).map(IpAddr::from));
        }
        match found.is_empty() {
            true => Err(format!("the name server {host} has no address")),
            false => {
                let server = |ip| Server { host: Some(host.to_owned()), address: SocketAddr::new(ip, port) };
                Ok(found.into_iter().map(server).collect())
            }
        }
    }

    /// The records of a type the resolver has for a name, aliases followed; none if there are none.
    fn ask(&self, name: Name<'_>, rtype: Rtype) -> Result<Vec<Record>, String> {
        let resolver = self.resolver.ok_or("no resolver is known to find servers with (--resolver)")?;
        let answer = self.client.ask(resolver, &Question::recursive(name, rtype));
        let answer = answer.map_err(|problem| format!("the resolver {resolver} {problem} ({name} {rtype})"))?;
        match answer.rcode {
            NOERROR | NXDOMAIN => {
                // SOA and NS count at the name itself; addresses may stand behind an alias.
                let is_wanted = |record: &Record| {
                    record.rtype == rtype && (record.owner.as_name() == name || matches!(rtype, Rtype::A | Rtype::AAAA))
                };
                Ok(answer.answers.into_iter().filter(is_wanted).collect())
            }
            rcode => Err(format!("the resolver {resolver} answers {} ({name} {rtype})", rcode_text(rcode))),
        }
    }
}

/// The first name server of a resolver configuration (`/etc/resolv.conf`).
#[must_use]
pub fn resolver_of(resolv_conf: &str) -> Option<SocketAddr> {
    let servers = resolv_conf.lines().filter_map(|line| line.trim().strip_prefix("nameserver"));
    // A zone index (`fe80::1%eth0`) is nothing the sockets here take.
    servers.filter(|rest| rest.starts_with([' ', '\t'])).find_map(|rest| super::address::parse_address(rest.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resolver_comes_from_the_system() {
        let text = "# by hand\nsearch example.\nnameservers 192.0.2.1\nnameserver fe80::1%eth0\n nameserver\t192.0.2.53\nnameserver ::1\n";
        assert_eq!(resolver_of(text), Some("192.0.2.53:53".parse().unwrap()));
        assert_eq!(resolver_of("options edns0\n"), None);
    }
}
