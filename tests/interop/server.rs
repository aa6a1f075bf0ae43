//! Name servers for one test: started on loopback, awaited, stopped when dropped.

use crate::peer;
use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query};
use hickory_proto::rr::{Name, RecordType};
use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A zone to serve.
#[derive(Clone, Debug)]
pub struct Served {
    /// With a final dot.
    pub apex: String,
    pub file: PathBuf,
}

/// Which authoritative server.
#[derive(Clone, Copy, Debug)]
pub enum Authority {
    Named,
    Knotd,
    Nsd,
}

impl Authority {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Named, Self::Knotd, Self::Nsd];

    /// Its program.
    pub const fn program(self) -> &'static str {
        match self {
            Self::Named => "named",
            Self::Knotd => "knotd",
            Self::Nsd => "nsd",
        }
    }

    /// The program that tells it to load a zone again.
    pub const fn control_program(self) -> &'static str {
        match self {
            Self::Named => "rndc",
            Self::Knotd => "knotc",
            Self::Nsd => "nsd-control",
        }
    }

    /// Starts it on the zones and waits until it answers for the first.
    pub fn start(self, zones: &[Served]) -> Result<Server, String> {
        let folder = peer::folder();
        let port = free_port();
        let config = self.config(folder.path(), port, zones);
        self.start_with(&config, folder, port, zones)
    }

    /// A named whose zones anybody may update and transfer.
    pub fn start_updatable(self, zones: &[Served]) -> Result<Server, String> {
        let folder = peer::folder();
        let port = free_port();
        let config = self.config(folder.path(), port, zones);
        let config = config.replace("type primary;", "type primary; allow-update { any; }; allow-transfer { any; };");
        self.start_with(&config, folder, port, zones)
    }

    /// Starts it with its control channel open. Gives the command besides that makes it load `{zone}` again, as
    /// docs/operations.md has it but for where the channel is.
    pub fn start_controlled(self, zones: &[Served]) -> Result<(Server, Vec<String>), String> {
        let folder = peer::folder();
        let (path, port) = (folder.path().to_owned(), free_port());
        let config = self.config(&path, port, zones);
        let program = peer::find(self.control_program()).ok_or("no control program")?.display().to_string();
        let (config, arguments) = match self {
            Self::Named => {
                let key =
                    "key \"control\" { algorithm hmac-sha256; secret \"em9uZXNlYWwgdGVzdHMgb24gbG9vcGJhY2s=\"; };\n";
                let control = free_port();
                let controls = format!(
                    "{key}controls {{ inet 127.0.0.1 port {control} allow {{ 127.0.0.1; }} keys {{ \"control\"; }}; }};"
                );
                let options = format!(
                    "{key}options {{ default-key \"control\"; default-server 127.0.0.1; default-port {control}; }};\n"
                );
                let options = peer::write(&path, "rndc.conf", options).display().to_string();
                (config.replace("controls { };", &controls), vec!["-c".into(), options, "reload".into()])
            }
            Self::Knotd => {
                let socket = path.join("knot.sock").display().to_string();
                // The clock of the test is not the machine's, by which the checks go.
                let config = config.replace("semantic-checks: on", "semantic-checks: soft");
                let config = format!("control:\n  listen: {socket}\n{config}");
                (config, vec!["-s".into(), socket, "zone-reload".into()])
            }
            Self::Nsd => {
                let control = format!("control-enable: yes\n control-interface: \"{}/nsd.sock\"", path.display());
                let file = path.join("nsd.conf").display().to_string();
                (config.replace("control-enable: no", &control), vec!["-c".into(), file, "reload".into()])
            }
        };
        let server = self.start_with(&config, folder, port, zones)?;
        let hook = [vec![program], arguments, vec!["{zone}".to_owned()]].concat();
        Ok((server, hook))
    }

    fn config(self, folder: &Path, port: u16, zones: &[Served]) -> String {
        match self {
            Self::Named => named_config(folder, port, zones),
            Self::Knotd => knot_config(folder, port, zones),
            Self::Nsd => nsd_config(folder, port, zones),
        }
    }

    fn start_with(self, config: &str, folder: TempDir, port: u16, zones: &[Served]) -> Result<Server, String> {
        let (name, arguments): (_, &[&str]) = match self {
            Self::Named => ("named.conf", &["-g", "-n", "1", "-c"]),
            Self::Knotd => ("knot.conf", &["-c"]),
            Self::Nsd => ("nsd.conf", &["-d", "-c"]),
        };
        let mut command = peer::program(self.program());
        command.args(arguments).arg(peer::write(folder.path(), name, config));
        Server::start(self.program(), command, folder, port, &zones[0].apex)
    }
}

/// Starts unbound as a validating resolver that asks `authority` for the zones and trusts the DS records.
pub fn start_unbound(authority: SocketAddr, zones: &[String], anchors: &[String]) -> Result<Server, String> {
    start_unbound_at(authority, zones, anchors, None)
}

/// The same, with a clock that stands at a date (YYYYMMDDHHMMSS).
pub fn start_unbound_at(
    authority: SocketAddr,
    zones: &[String],
    anchors: &[String],
    date: Option<&str>,
) -> Result<Server, String> {
    let folder = peer::folder();
    let port = free_port();
    let mut config = format!(
        "server:\n verbosity: 1\n log-time-ascii: yes\n use-syslog: no\n logfile: \"\"\n username: \"\"\n chroot: \"\"\n \
         directory: \"{0}\"\n pidfile: \"{0}/unbound.pid\"\n do-daemonize: no\n num-threads: 1\n \
         interface: 127.0.0.1@{port}\n do-ip6: no\n do-not-query-localhost: no\n \
         module-config: \"validator iterator\"\n qname-minimisation: no\n val-log-level: 2\n \
         val-nsec3-keysize-iterations: \"1024 150 2048 150 4096 150\"\n target-fetch-policy: \"0 0 0 0 0\"\n",
        folder.path().display()
    );
    if let Some(date) = date {
        config.push_str(&format!(" val-override-date: \"{date}\"\n"));
    }
    for anchor in anchors {
        config.push_str(&format!(" trust-anchor: \"{anchor}\"\n"));
    }
    for zone in zones {
        config.push_str(&format!(
            "stub-zone:\n name: \"{zone}\"\n stub-addr: {}@{}\n",
            authority.ip(),
            authority.port()
        ));
    }
    config.push_str("remote-control:\n control-enable: no\n");
    let file = peer::write(folder.path(), "unbound.conf", config);
    let mut command = peer::program("unbound");
    command.arg("-d").arg("-c").arg(file);
    Server::start("unbound", command, folder, port, &zones[0])
}

/// A running server; ends with the value.
#[derive(Debug)]
pub struct Server {
    name: &'static str,
    child: Child,
    folder: TempDir,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    fn start(
        name: &'static str,
        mut command: Command,
        folder: TempDir,
        port: u16,
        first_zone: &str,
    ) -> Result<Self, String> {
        let log = File::create(folder.path().join("log")).map_err(|error| error.to_string())?;
        let log_too = log.try_clone().map_err(|error| error.to_string())?;
        command.stdin(Stdio::null()).stdout(log).stderr(log_too).current_dir(folder.path());
        let child = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut server = Self { name, child, folder, address };
        server.wait_until_it_answers(first_zone)?;
        Ok(server)
    }

    fn wait_until_it_answers(&mut self, zone: &str) -> Result<(), String> {
        let deadline = Instant::now() + Duration::from_secs(20);
        let question = Question::new(zone, RecordType::SOA);
        while Instant::now() < deadline {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("{} ended: {status}\n{}", self.name, self.log()));
            }
            if ask_udp(self.address, &question, Duration::from_millis(300))
                .is_ok_and(|answer| !answer.answers.is_empty())
            {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err(format!("{} does not answer\n{}", self.name, self.log()))
    }

    /// What the server has said, its end.
    pub fn log(&self) -> String {
        let text = std::fs::read(self.folder.path().join("log")).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// Asks a question: by UDP, and again by TCP if the answer was cut short.
    pub fn ask(&self, question: &Question) -> Result<Message, String> {
        let answer =
            ask_udp(self.address, question, Duration::from_secs(5)).map_err(|error| self.failure(question, &error))?;
        if answer.metadata.truncation {
            return ask_tcp(self.address, question).map_err(|error| self.failure(question, &error));
        }
        Ok(answer)
    }

    fn failure(&self, question: &Question, error: &str) -> String {
        format!("{}: {question:?}: {error}\n{}", self.name, self.log())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What to ask: a name's labels and a type.
#[derive(Clone, Debug)]
pub struct Question {
    name: Name,
    rtype: RecordType,
}

impl Question {
    /// About a name without escapes.
    pub fn new(name: &str, rtype: RecordType) -> Self {
        Self { name: Name::from_ascii(name).expect("a name of the tests is a name"), rtype }
    }

    /// About a name whose first label holds any octets.
    pub fn with_label(label: &[u8], parent: &str, rtype: RecordType) -> Self {
        let parent = Name::from_ascii(parent).expect("a name of the tests is a name");
        let labels = std::iter::once(label).chain(parent.iter());
        Self { name: Name::from_labels(labels).expect("a name of the tests is a name"), rtype }
    }

    fn message(&self) -> Result<Vec<u8>, String> {
        let mut message = Message::new(4711, MessageType::Query, OpCode::Query);
        message.metadata.recursion_desired = true;
        message.add_query(Query::query(self.name.clone(), self.rtype));
        let mut edns = Edns::new();
        edns.set_dnssec_ok(true).set_max_payload(1232);
        message.set_edns(edns);
        message.to_vec().map_err(|error| error.to_string())
    }
}

fn ask_udp(server: SocketAddr, question: &Question, timeout: Duration) -> Result<Message, String> {
    let inner = || -> std::io::Result<Vec<u8>> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.connect(server)?;
        socket.set_read_timeout(Some(timeout))?;
        socket.send(&question.message().map_err(std::io::Error::other)?)?;
        let mut buffer = vec![0; 65_535];
        let length = socket.recv(&mut buffer)?;
        buffer.truncate(length);
        Ok(buffer)
    };
    let answer = inner().map_err(|error| error.to_string())?;
    Message::from_vec(&answer).map_err(|error| error.to_string())
}

fn ask_tcp(server: SocketAddr, question: &Question) -> Result<Message, String> {
    let inner = || -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(server)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        let message = question.message().map_err(std::io::Error::other)?;
        let length = u16::try_from(message.len()).map_err(std::io::Error::other)?;
        stream.write_all(&[&length.to_be_bytes()[..], &message].concat())?;
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut answer)?;
        Ok(answer)
    };
    let answer = inner().map_err(|error| error.to_string())?;
    Message::from_vec(&answer).map_err(|error| error.to_string())
}

/// A port that is free for UDP and TCP now. Somebody else may take it before the server does; then the test says so.
pub fn free_port() -> u16 {
    loop {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free UDP port");
        let port = udp.local_addr().expect("a bound socket has an address").port();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

fn named_config(folder: &Path, port: u16, zones: &[Served]) -> String {
    let mut config = format!(
        "options {{ directory \"{0}\"; pid-file \"{0}/named.pid\"; session-keyfile \"{0}/session.key\";\n \
         listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; recursion no; notify no;\n \
         check-names primary ignore; check-integrity no; }};\ncontrols {{ }};\n",
        folder.display()
    );
    for zone in zones {
        let line = format!("zone \"{}\" {{ type primary; file \"{}\"; }};\n", zone.apex, zone.file.display());
        config.push_str(&line);
    }
    config
}

fn knot_config(folder: &Path, port: u16, zones: &[Served]) -> String {
    let mut config = format!(
        "server:\n  rundir: {0}\n  listen: 127.0.0.1@{port}\n  udp-workers: 1\n  tcp-workers: 1\n  \
         background-workers: 1\nlog:\n  - target: stderr\n    any: info\ndatabase:\n  storage: {0}\ntemplate:\n  \
         - id: default\n    zonefile-load: whole\n    journal-content: none\n    semantic-checks: on\nzone:\n",
        folder.display()
    );
    for zone in zones {
        config.push_str(&format!("  - domain: {}\n    file: {}\n", zone.apex, zone.file.display()));
    }
    config
}

fn nsd_config(folder: &Path, port: u16, zones: &[Served]) -> String {
    let mut config = format!(
        "server:\n ip-address: 127.0.0.1@{port}\n username: \"\"\n chroot: \"\"\n zonesdir: \"{0}\"\n database: \"\"\n \
         pidfile: \"{0}/nsd.pid\"\n xfrdfile: \"{0}/xfrd.state\"\n zonelistfile: \"{0}/zone.list\"\n \
         xfrdir: \"{0}\"\n server-count: 1\n verbosity: 1\n rrl-ratelimit: 0\nremote-control:\n control-enable: no\n",
        folder.display()
    );
    for zone in zones {
        config.push_str(&format!("zone:\n name: \"{}\"\n zonefile: \"{}\"\n", zone.apex, zone.file.display()));
    }
    config
}
