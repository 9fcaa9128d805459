//! A web server on loopback that answers byte for byte what a test tells it to, and remembers what it was asked.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::Url;

/// Stops when it is dropped.
pub struct Site {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    connections: usize,
    requests: Vec<Heard>,
    /// Connections that the caller closed after [`Then::CloseWithCaller`].
    closed: watch::Sender<usize>,
}

/// One request as it came.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The request line and all headers.
    pub head: Vec<u8>,
    /// As long as Content-Length says.
    pub body: Vec<u8>,
}

impl Heard {
    /// Of the request line.
    pub fn path(&self) -> String {
        let head = String::from_utf8_lossy(&self.head).into_owned();
        head.split(' ').nth(1).unwrap_or_default().to_owned()
    }

    /// All values of a header, bytes untouched.
    pub fn header(&self, name: &str) -> Vec<Vec<u8>> {
        let lines = self.head.split(|byte| *byte == b'\n').skip(1);
        lines
            .filter_map(|line| {
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                let colon = line.iter().position(|byte| *byte == b':')?;
                let (key, value) = (&line[..colon], &line[colon + 1..]);
                key.eq_ignore_ascii_case(name.as_bytes()).then(|| value.trim_ascii().to_vec())
            })
            .collect()
    }
}

/// What is written in answer.
pub struct Reply {
    delay: Duration,
    bytes: Vec<u8>,
    then: Then,
}

/// What follows the written bytes.
pub enum Then {
    /// The next request of the same connection.
    Next,
    /// The connection's end.
    Close,
    /// The end of this side, and then of the connection as soon as the caller has closed its own.
    CloseWithCaller,
    /// Nothing, and the connection stays open.
    Silence,
    /// These bytes over and over, so many times, this far apart.
    Repeat(Vec<u8>, usize, Duration),
    /// These bytes after this time, and the connection's end.
    Later(Vec<u8>, Duration),
}

impl Reply {
    /// Exactly these bytes.
    pub fn raw(bytes: impl Into<Vec<u8>>, then: Then) -> Self {
        Self { delay: Duration::ZERO, bytes: bytes.into(), then }
    }

    /// The same, but that much later.
    pub fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// A whole answer; `headers` are lines that end with CRLF.
    pub fn whole(status: u16, headers: &str, body: &[u8]) -> Self {
        let mut bytes = format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
        bytes.extend_from_slice(body);
        Self::raw(bytes, Then::Next)
    }

    /// A redirect.
    pub fn to(status: u16, location: &str) -> Self {
        Self::whole(status, &format!("Location: {location}\r\n"), b"")
    }
}

impl Site {
    /// Answers every request by `script`, on 127.0.0.1.
    pub async fn new(script: impl Fn(&Heard) -> Reply + Send + Sync + 'static) -> Self {
        Self::at("127.0.0.1:0".parse().expect("an address"), script).await.expect("a free port")
    }

    /// The same at an address of one's own choice; `None` when this machine has it not.
    pub async fn at(address: SocketAddr, script: impl Fn(&Heard) -> Reply + Send + Sync + 'static) -> Option<Self> {
        let listener = TcpListener::bind(address).await.ok()?;
        let address = listener.local_addr().expect("bound");
        let seen = Arc::new(Mutex::new(Seen::default()));
        let script = Arc::new(script);
        let witness = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                witness.lock().expect("no test panics in here").connections += 1;
                tokio::spawn(talk(stream, Arc::clone(&script), Arc::clone(&witness)));
            }
        });
        Some(Self { address, seen, task })
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// `http://HOST:PORT/PATH`, by whatever name the test gives this server.
    pub fn url(&self, host: &str, path: &str) -> Url {
        Url::parse(&format!("http://{host}:{}{path}", self.port())).expect("a URL")
    }

    pub fn requests(&self) -> Vec<Heard> {
        self.seen.lock().expect("no test panics in here").requests.clone()
    }

    /// Waits until callers have closed so many connections after [`Then::CloseWithCaller`].
    pub async fn until_closed(&self, count: usize) {
        let mut closed = self.seen.lock().expect("no test panics in here").closed.subscribe();
        closed.wait_for(|closed| *closed >= count).await.expect("the site stands");
    }

    pub fn connections(&self) -> usize {
        self.seen.lock().expect("no test panics in here").connections
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn talk(mut stream: TcpStream, script: Arc<impl Fn(&Heard) -> Reply + Send + Sync>, witness: Arc<Mutex<Seen>>) {
    let mut buffer = Vec::new();
    while let Some(heard) = hear(&mut stream, &mut buffer).await {
        let reply = script(&heard);
        witness.lock().expect("no test panics in here").requests.push(heard);
        if !reply.delay.is_zero() {
            tokio::time::sleep(reply.delay).await;
        }
        if stream.write_all(&reply.bytes).await.is_err() {
            return;
        }
        match reply.then {
            Then::Next => {}
            Then::Close => return,
            Then::CloseWithCaller => {
                // An error is a caller who went away, too.
                let _ended = stream.shutdown().await;
                while matches!(stream.read(&mut [0; 64]).await, Ok(1..)) {}
                let seen = witness.lock().expect("no test panics in here");
                seen.closed.send_modify(|closed| *closed += 1);
                return;
            }
            Then::Silence => std::future::pending().await,
            Then::Later(bytes, pause) => {
                tokio::time::sleep(pause).await;
                // An error is a caller who went away.
                let _gone = stream.write_all(&bytes).await;
                return;
            }
            Then::Repeat(bytes, times, pause) => {
                for _ in 0..times {
                    if stream.write_all(&bytes).await.is_err() {
                        return;
                    }
                    if !pause.is_zero() {
                        tokio::time::sleep(pause).await;
                    }
                }
                return;
            }
        }
    }
}

async fn hear(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Heard> {
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4) {
            let head = Heard { head: buffer[..end].to_vec(), body: Vec::new() };
            let length = head
                .header("content-length")
                .first()
                .map_or(0, |value| String::from_utf8_lossy(value).parse().expect("a client of ours writes a number"));
            if buffer.len() >= end + length {
                let body = buffer[end..end + length].to_vec();
                buffer.drain(..end + length);
                return Some(Heard { body, ..head });
            }
        }
        let mut chunk = [0; 8192];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => buffer.extend_from_slice(&chunk[..count]),
        }
    }
}
