//! A name server in a thread: answers each message as the test says.

use hickory_proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::rdata::{NULL, SOA};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;
use zoneseal::base::{Rtype, UnixTime};
use zoneseal::observe::{Ask, Client, Observation, Plan, ServerName, observe};

/// The time of all cases.
pub const NOW: UnixTime = UnixTime(1_800_000_000);
/// The zone of all cases.
pub const ZONE: &str = "child.example.";

/// How a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Udp,
    Tcp,
}

/// What a server does with a message: the messages it sends back, in order. Gets the question, the way it came, and how many
/// questions came before.
pub type Behaviour = dyn Fn(&Message, Way, usize) -> Vec<Vec<u8>> + Send + Sync;

/// A server; ends with the value.
pub struct TestServer {
    pub address: SocketAddr,
    asked: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl TestServer {
    /// On IPv4 loopback.
    pub fn start(behaviour: impl Fn(&Message, Way, usize) -> Vec<Vec<u8>> + Send + Sync + 'static) -> Self {
        Self::start_at("127.0.0.1:0", behaviour).expect("loopback has a free port")
    }

    /// On an address.
    pub fn start_at(
        address: &str,
        behaviour: impl Fn(&Message, Way, usize) -> Vec<Vec<u8>> + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let udp = UdpSocket::bind(address)?;
        let address = udp.local_addr()?;
        let tcp = TcpListener::bind(address)?;
        let (asked, is_over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let behaviour: Arc<Behaviour> = Arc::new(behaviour);
        let udp_thread = {
            let (asked, is_over, behaviour) = (Arc::clone(&asked), Arc::clone(&is_over), Arc::clone(&behaviour));
            thread::spawn(move || serve_udp(&udp, &asked, &is_over, &behaviour))
        };
        let tcp_thread = {
            let (asked, is_over) = (Arc::clone(&asked), Arc::clone(&is_over));
            thread::spawn(move || serve_tcp(&tcp, &asked, &is_over, &behaviour))
        };
        Ok(Self { address, asked, is_over, threads: vec![udp_thread, tcp_thread] })
    }

    /// How many questions it got.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// As an argument.
    pub fn name(&self) -> ServerName {
        ServerName::Address(self.address)
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn serve_udp(socket: &UdpSocket, asked: &AtomicUsize, is_over: &AtomicBool, behaviour: &Arc<Behaviour>) {
    socket.set_read_timeout(Some(Duration::from_millis(20))).expect("a socket takes a timeout");
    let mut buffer = [0; 2000];
    while !is_over.load(Ordering::SeqCst) {
        let Ok((len, from)) = socket.recv_from(&mut buffer) else { continue };
        let question = Message::from_vec(&buffer[..len]).expect("the client sends messages");
        for answer in behaviour(&question, Way::Udp, asked.fetch_add(1, Ordering::SeqCst)) {
            socket.send_to(&answer, from).expect("loopback takes answers");
        }
    }
}

fn serve_tcp(listener: &TcpListener, asked: &AtomicUsize, is_over: &AtomicBool, behaviour: &Arc<Behaviour>) {
    listener.set_nonblocking(true).expect("a socket can be asked without waiting");
    while !is_over.load(Ordering::SeqCst) {
        let Ok((mut stream, _)) = listener.accept() else {
            thread::sleep(Duration::from_millis(5));
            continue;
        };
        stream.set_nonblocking(false).expect("a stream can wait");
        let mut len = [0; 2];
        stream.read_exact(&mut len).expect("a question has a length");
        let mut question = vec![0; usize::from(u16::from_be_bytes(len))];
        stream.read_exact(&mut question).expect("a question is whole");
        let question = Message::from_vec(&question).expect("the client sends messages");
        for answer in behaviour(&question, Way::Tcp, asked.fetch_add(1, Ordering::SeqCst)) {
            let len = u16::try_from(answer.len()).expect("an answer fits");
            stream.write_all(&[&len.to_be_bytes()[..], &answer].concat()).expect("the client waits");
        }
    }
}

/// An authoritative answer without records.
pub fn reply(question: &Message) -> Message {
    let mut message = Message::new(question.metadata.id, MessageType::Response, OpCode::Query);
    message.metadata.authoritative = true;
    message.add_queries(question.queries.clone());
    message
}

/// A reply with a response code.
pub fn code(question: &Message, code: ResponseCode) -> Vec<Vec<u8>> {
    let mut message = reply(question);
    message.metadata.response_code = code;
    send(&message)
}

/// The message alone.
pub fn send(message: &Message) -> Vec<Vec<u8>> {
    vec![message.to_vec().expect("the tests' messages can be written")]
}

/// A record with RDATA in wire form.
pub fn record(owner: &str, rtype: Rtype, ttl: u32, rdata: Vec<u8>) -> Record {
    let code = RecordType::from(rtype.0);
    Record::from_rdata(name(owner), ttl, RData::Unknown { code, rdata: NULL::with(rdata) })
}

/// A SOA record with a serial, and the negative TTL `minimum`.
pub fn soa(owner: &str, serial: u32, minimum: u32) -> Record {
    Record::from_rdata(name(owner), 3600, RData::SOA(SOA::new(name("ns."), name("host."), serial, 1, 1, 1, minimum)))
}

fn name(text: &str) -> Name {
    Name::from_ascii(text).expect("the tests' names are names")
}

/// DS RDATA that looks right.
pub fn ds(tag: u16) -> Vec<u8> {
    [&tag.to_be_bytes()[..], &[13, 2], &[0xab; 32]].concat()
}

/// Answers any question with DS records.
pub fn with_ds(question: &Message, ttl: u32, tags: &[u16]) -> Vec<Vec<u8>> {
    let mut message = reply(question);
    message.add_answers(tags.iter().map(|&tag| record(ZONE, Rtype::DS, ttl, ds(tag))));
    send(&message)
}

/// Asks parent servers only, quickly.
pub fn observe_parents(servers: &[&TestServer], tries: u32) -> Observation {
    let given = servers.iter().map(|server| server.name()).collect();
    observe(&plan(Ask::Given(given), Ask::Nobody, tries), NOW)
}

/// Asks the zone's servers only, quickly.
pub fn observe_children(servers: &[&TestServer]) -> Observation {
    let given = servers.iter().map(|server| server.name()).collect();
    observe(&plan(Ask::Nobody, Ask::Given(given), 2), NOW)
}

pub fn plan(parent: Ask, child: Ask, tries: u32) -> Plan {
    let client = Client { timeout: Duration::from_millis(300), tries };
    Plan { zone: ZONE.parse().expect("the zone is a name"), parent, child, resolver: None, trusted: Vec::new(), client }
}
