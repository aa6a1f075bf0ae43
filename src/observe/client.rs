//! Asks one server one question: by UDP, by TCP where the answer was cut short, again where none came.

use super::message::{Answer, Question, Received, rcode_text};
use ring::rand::{SecureRandom, SystemRandom};
use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

/// How patiently servers are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// How long one try may take.
    pub timeout: Duration,
    /// How often a question is sent before it counts as unanswered; at least once.
    pub tries: u32,
}

impl Default for Client {
    /// Three tries of three seconds: a server that needs longer is as good as gone for resolvers, which wait less.
    fn default() -> Self {
        Self { timeout: Duration::from_secs(3), tries: 3 }
    }
}

/// Why a server has not told what it was asked for. Prints as the end of "the server …".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// No answer came.
    Timeout {
        /// Tries made.
        tries: u32,
        /// Messages from its address that were no answer to the question.
        strangers: u32,
    },
    /// Nothing listens on the port.
    ConnectionRefused,
    /// This host has no way to addresses of the kind, mostly IPv6.
    NoRoute,
    /// The system says what went wrong with the sockets.
    Io(String),
    /// The answer cannot be read.
    Malformed(String),
    /// A response code that is no answer.
    Rcode(u16),
    /// The answer has no AA bit: it comes from a cache, or is a referral.
    NotAuthoritative,
    /// It answers for another zone than was asked for; the text says for which.
    Lame(String),
    /// It answers, but leaves out what an answer needs; the text says what.
    Incomplete(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout { tries, strangers } => {
                write!(f, "does not answer (timeout, {tries} {})", if *tries == 1 { "try" } else { "tries" })?;
                match strangers {
                    0 => Ok(()),
                    _ => write!(f, "; {strangers} of its messages did not fit the question and were dropped"),
                }
            }
            Self::ConnectionRefused => f.write_str("refuses the connection: nothing listens on the port"),
            Self::NoRoute => f.write_str("cannot be reached: this host has no route to its kind of address"),
            Self::Io(error) => write!(f, "cannot be asked: {error}"),
            Self::Malformed(what) => write!(f, "gives an answer that cannot be read: {what}"),
            Self::Rcode(rcode) => write!(f, "answers {}", rcode_text(*rcode)),
            Self::NotAuthoritative => f.write_str("is not authoritative: its answer has no AA bit"),
            Self::Lame(what) => write!(f, "is lame: {what}"),
            Self::Incomplete(what) => write!(f, "gives an incomplete answer: {what}"),
        }
    }
}

impl std::error::Error for Problem {}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::ConnectionRefused => Self::ConnectionRefused,
            ErrorKind::NetworkUnreachable | ErrorKind::AddrNotAvailable => Self::NoRoute,
            _ => Self::Io(error.to_string()),
        }
    }
}

impl Client {
    /// Asks a question, and gives what the server answers, whatever its response code.
    ///
    /// # Errors
    /// A [`Problem`] of the way there and back, or of reading the answer; of several tries the last one's.
    pub fn ask(&self, server: SocketAddr, question: &Question) -> Result<Answer, Problem> {
        let mut strangers = 0;
        let mut last = None;
        for _ in 0..self.tries.max(1) {
            match self.try_once(server, question, &mut strangers) {
                // A full queue or a lost packet may be over with the next try.
                Err(Problem::Timeout { .. }) => last = None,
                Err(problem @ (Problem::Io(_) | Problem::ConnectionRefused)) => last = Some(problem),
                result => return result,
            }
        }
        Err(last.unwrap_or_else(|| Problem::Timeout { tries: self.tries.max(1), strangers }))
    }

    fn try_once(&self, server: SocketAddr, question: &Question, strangers: &mut u32) -> Result<Answer, Problem> {
        let deadline = Deadline::after(self.timeout);
        let answer = ask_udp(server, question, deadline, strangers)?;
        match answer.is_truncated {
            true => ask_tcp(server, question, Deadline::after(self.timeout)),
            false => Ok(answer),
        }
    }
}

/// When a try is over. Measured on the steady clock, so it has nothing to do with the time of day.
#[derive(Clone, Copy, Debug)]
struct Deadline(Instant);

impl Deadline {
    fn after(span: Duration) -> Self {
        Self(Instant::now() + span)
    }

    /// What is left, never zero.
    fn left(self) -> Result<Duration, Problem> {
        let left = self.0.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(timed_out()) } else { Ok(left) }
    }
}

/// A try without an answer; [`Client::ask`] fills in the counts.
const fn timed_out() -> Problem {
    Problem::Timeout { tries: 1, strangers: 0 }
}

/// An id nobody can guess (RFC 5452 section 9.2).
fn random_id() -> Result<u16, Problem> {
    let mut octets = [0; 2];
    SystemRandom::new().fill(&mut octets).map_err(|_| Problem::Io("the system gives no random numbers".into()))?;
    Ok(u16::from_be_bytes(octets))
}

/// An error of a socket with a timeout, as a problem.
fn socket_problem(error: io::Error) -> Problem {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => timed_out(),
        _ => error.into(),
    }
}

fn ask_udp(
    server: SocketAddr,
    question: &Question,
    deadline: Deadline,
    strangers: &mut u32,
) -> Result<Answer, Problem> {
    let id = random_id()?;
    // Port 0: the system picks a free one at random, anew for every try.
    let any = match server.ip() {
        IpAddr::V4(_) => IpAddr::from(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::from(Ipv6Addr::UNSPECIFIED),
    };
    let socket = UdpSocket::bind((any, 0))?;
    // A connected socket takes messages from the server's address and port only.
    socket.connect(server)?;
    socket.send(&question.to_wire(id).map_err(|error| Problem::Io(error.to_string()))?)?;
    let mut buffer = vec![0; usize::from(u16::MAX)];
    loop {
        socket.set_read_timeout(Some(deadline.left()?))?;
        let len = socket.recv(&mut buffer).map_err(socket_problem)?;
        match Answer::receive(&buffer[..len], id, question) {
            Received::Answer(answer) => return Ok(answer),
            Received::Malformed(what) => return Err(Problem::Malformed(what)),
            Received::Stranger => *strangers += 1,
        }
    }
}

fn ask_tcp(server: SocketAddr, question: &Question, deadline: Deadline) -> Result<Answer, Problem> {
    let id = random_id()?;
    let query = question.to_wire(id).map_err(|error| Problem::Io(error.to_string()))?;
    let len = u16::try_from(query.len()).map_err(|error| Problem::Io(error.to_string()))?;
    let mut stream = TcpStream::connect_timeout(&server, deadline.left()?).map_err(socket_problem)?;
    stream.set_write_timeout(Some(deadline.left()?))?;
    stream.write_all(&[&len.to_be_bytes()[..], &query].concat()).map_err(socket_problem)?;
    let mut len = [0; 2];
    read_before(&mut stream, &mut len, deadline)?;
    let mut message = vec![0; usize::from(u16::from_be_bytes(len))];
    read_before(&mut stream, &mut message, deadline)?;
    match Answer::receive(&message, id, question) {
        Received::Answer(answer) if answer.is_truncated => {
            Err(Problem::Malformed("it is cut short even over TCP".into()))
        }
        Received::Answer(answer) => Ok(answer),
        Received::Malformed(what) => Err(Problem::Malformed(what)),
        Received::Stranger => Err(Problem::Malformed("over TCP it answers something else than was asked".into())),
    }
}

/// Fills the buffer; a server that sends an octet now and then does not get more time for it.
fn read_before(stream: &mut TcpStream, buffer: &mut [u8], deadline: Deadline) -> Result<(), Problem> {
    let mut filled = 0;
    while filled < buffer.len() {
        stream.set_read_timeout(Some(deadline.left()?))?;
        match stream.read(&mut buffer[filled..]) {
            Ok(0) => return Err(Problem::Malformed("the TCP connection ends in the middle of it".into())),
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(socket_problem(error)),
        }
    }
    Ok(())
}
