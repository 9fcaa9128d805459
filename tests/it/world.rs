//! A small world on loopback: real sites, a real mail server, a webhook receiver that checks signatures with the
//! official library, and the real `atalaya` binary between them. Nothing sleeps: every wait is for an event.

use serde_json::Value;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::Ipv4Addr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::ChildStdin;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::mpsc::Sender;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;
use std::time::Instant;

/// Longer than anything takes that works.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The secret that the receiver knows.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Something that happened in the world.
#[derive(Clone, Debug)]
pub enum Event {
    /// A site was asked: its path.
    Asked(String),
    /// The mail server took a message, or refused a recipient.
    Mail(Value),
    /// The receiver was called.
    Call(Value),
    /// The daemon told its service manager something.
    Notified(String),
    /// The hub did something.
    Hub(Value),
}

/// The world, and what was seen of it so far.
pub struct World {
    folder: tempfile::TempDir,
    /// The one site.
    pub site: Site,
    mail_port: u16,
    hook_port: u16,
    helpers: Vec<Child>,
    notify: PathBuf,
    events: Receiver<Event>,
    daemon: Option<Child>,
    /// Every mail that was taken.
    pub mails: Vec<Value>,
    /// Every recipient that was refused.
    pub refusals: Vec<Value>,
    /// Every call.
    pub calls: Vec<Value>,
    /// Every path that was asked for.
    pub asked: Vec<String>,
    /// Every line to the service manager.
    pub notified: Vec<String>,
    /// Everything that the hub did.
    pub hub_events: Vec<Value>,
    hub_port: u16,
    sender: Sender<Event>,
    configuration: String,
}

impl World {
    /// A world whose site serves nothing yet, and a configuration with one rule, mail to Ana and one webhook.
    pub fn new() -> Self {
        Self::build(true)
    }

    /// The same without a mail server and a receiver of webhooks, for what is not about telling.
    pub fn without_receivers() -> Self {
        Self::build(false)
    }

    fn build(receivers: bool) -> Self {
        let (send, events) = channel();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let notify = folder.path().join("notify.socket");
        listen_to_notifications(&notify, send.clone());
        let (mut helpers, mut mail_port, mut hook_port) = (Vec::new(), 9, 9);
        if receivers {
            let (mailbox, port) = helper("mailbox.py", &[], send.clone(), Event::Mail);
            mail_port = port;
            let (receiver, port) = helper("receiver.py", &[SECRET], send.clone(), Event::Call);
            hook_port = port;
            helpers.extend([mailbox, receiver]);
        }
        let site = Site::start(send.clone());
        let mut world = Self {
            folder,
            site,
            mail_port,
            hook_port,
            helpers,
            notify,
            events,
            daemon: None,
            mails: Vec::new(),
            refusals: Vec::new(),
            calls: Vec::new(),
            asked: Vec::new(),
            notified: Vec::new(),
            hub_events: Vec::new(),
            hub_port: 0,
            sender: send,
            configuration: String::new(),
        };
        world.configure(&format!(
            "{}\n[source.paper]\nfeed = \"{}\"\nevery = \"1s\"\nfirst_poll = \"all\"\n\n{}\n{}",
            world.outside(),
            world.site.url("/feed.xml"),
            world.tellings("ana@example.org", "/200"),
            RULE
        ));
        world
    }

    /// The tables that every configuration of this world needs: loopback opened, short pauses.
    pub fn outside(&self) -> String {
        format!(
            "state = \"state\"\nlease = \"1s\"\n\n[egress]\nallow = [\"127.0.0.0/8\"]\nconnect_timeout = \"1s\"\n\
             timeout = \"5s\"\n\n[politeness]\ngap = \"0s\"\nconnections = 4\n\n[reading]\nretry = [\"100ms\", \"200ms\"]\n\n\
             [mail]\nserver = \"127.0.0.1\"\nport = {}\nsecurity = \"plain\"\n\
             from = \"Atalaya <alerts@tower.example>\"\n",
            self.mail_port
        )
    }

    /// A mail channel, a webhook channel, and a subscription of both to everything.
    pub fn tellings(&self, receiver: &str, path: &str) -> String {
        format!(
            "[channel.desk]\nemail = [\"{receiver}\"]\n\n[channel.case-system]\n\
             webhook = \"http://127.0.0.1:{}{path}\"\nsecret = \"{SECRET}\"\n\n\
             [subscription.everything]\nrules = \"all\"\nchannels = [\"desk\", \"case-system\"]\n",
            self.hook_port
        )
    }

    /// Starts a WebSub hub that grants leases of so many seconds. Gives its port, and where it takes orders.
    pub fn hub(&mut self, lease: &str) -> (u16, ChildStdin) {
        let (mut hub, port) = helper("hub.py", &[lease], self.sender.clone(), Event::Hub);
        let orders = hub.stdin.take().expect("a pipe");
        self.helpers.push(hub);
        self.hub_port = port;
        (port, orders)
    }

    /// The hub's port.
    pub fn hub_port(&self) -> u16 {
        self.hub_port
    }

    /// Replaces the configuration file.
    pub fn configure(&mut self, text: &str) {
        text.clone_into(&mut self.configuration);
        fs::write(self.config_file(), text).expect("the configuration can be written");
    }

    /// The configuration in force, to be changed and given back to [`World::configure`].
    pub fn configuration(&self) -> String {
        self.configuration.clone()
    }

    /// Where the configuration stands.
    pub fn config_file(&self) -> PathBuf {
        self.folder.path().join("atalaya.toml")
    }

    /// Starts the daemon and waits until it says READY=1.
    pub fn start(&mut self) {
        self.start_without_waiting();
        self.until("the daemon is ready", |world| world.ready());
    }

    fn ready(&self) -> bool {
        self.notified.iter().any(|line| line.contains("READY=1"))
    }

    /// Starts the daemon.
    pub fn start_without_waiting(&mut self) {
        assert!(self.daemon.is_none(), "one daemon at a time");
        self.notified.clear();
        self.daemon = Some(self.spawn());
    }

    /// Starts a daemon that the caller ends.
    pub fn spawn(&self) -> Child {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.log_file()).expect("a log file");
        command()
            .args(["run", "--log", "debug", "--config"])
            .arg(self.config_file())
            .env("NOTIFY_SOCKET", &self.notify)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the daemon starts")
    }

    /// The folder of the database.
    pub fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// Where the daemon's log goes.
    pub fn log_file(&self) -> PathBuf {
        self.folder.path().join("daemon.log")
    }

    /// The daemon's log so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        let mut daemon = self.daemon.take().expect("a daemon runs");
        daemon.kill().expect("it can be killed");
        daemon.wait().expect("it ends");
    }

    /// SIGTERM, and waits until it has ended well.
    pub fn stop(&mut self) {
        self.signal("TERM");
        let mut daemon = self.daemon.take().expect("a daemon runs");
        let status = daemon.wait().expect("it ends");
        assert!(status.success(), "the daemon ended with {status}\n{}", self.log());
    }

    /// Sends a signal to the daemon.
    pub fn signal(&self, name: &str) {
        let id = self.daemon.as_ref().expect("a daemon runs").id();
        let sent = Command::new("kill").args([&format!("-{name}"), &id.to_string()]).status().expect("kill runs");
        assert!(sent.success());
    }

    /// Waits for one event and notes it; `false` when none came in time.
    pub fn one_event(&mut self, patience: Duration) -> bool {
        match self.events.recv_timeout(patience) {
            Ok(Event::Asked(path)) => self.asked.push(path),
            Ok(Event::Mail(mail)) if mail.get("refused").is_some() => self.refusals.push(mail),
            Ok(Event::Mail(mail)) => self.mails.push(mail),
            Ok(Event::Call(call)) => self.calls.push(call),
            Ok(Event::Notified(line)) => self.notified.push(line),
            Ok(Event::Hub(event)) => self.hub_events.push(event),
            Err(RecvTimeoutError::Timeout) => return false,
            Err(RecvTimeoutError::Disconnected) => panic!("the world ended"),
        }
        true
    }

    /// Takes events until the condition holds.
    pub fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            let left = PATIENCE.checked_sub(begun.elapsed());
            let heard = left.is_some_and(|left| self.one_event(left));
            assert!(
                heard || holds(self),
                "in vain for {PATIENCE:?}: {what}\nmails: {:#?}\ncalls: {:#?}\nlog:\n{}",
                self.mails.iter().map(|mail| mail["to"].clone()).collect::<Vec<_>>(),
                self.calls.iter().map(|call| call["id"].clone()).collect::<Vec<_>>(),
                self.log()
            );
        }
    }

    /// Takes events until the site was asked `times` more times for a path: what an unwanted message would have needed
    /// to arrive.
    pub fn until_asked(&mut self, path: &str, times: usize) {
        let before = self.asked.iter().filter(|asked| *asked == path).count();
        self.until(&format!("{path} is asked for {times} times"), |world| {
            world.asked.iter().filter(|asked| *asked == path).count() >= before + times
        });
    }

    /// Runs a command of the program on this world's configuration.
    pub fn atalaya(&self, arguments: &[&str]) -> Output {
        command()
            .args(arguments)
            .arg("--config")
            .arg(self.config_file())
            .current_dir(self.folder.path())
            .output()
            .expect("the program runs")
    }

    /// The sums add up, by the program's own word.
    pub fn ledger_adds_up(&self) -> Value {
        let output = self.atalaya(&["ledger", "--json"]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_str(&text).expect("the ledger is JSON")
    }

    /// The value of a header of a mail.
    pub fn header(mail: &Value, name: &str) -> String {
        let headers = mail["headers"].as_array().expect("headers");
        let mut values = headers.iter().filter(|pair| pair[0].as_str().is_some_and(|it| it.eq_ignore_ascii_case(name)));
        let value = values.next().unwrap_or_else(|| panic!("no {name} in {mail:#}"));
        assert!(values.next().is_none(), "more than one {name}");
        value[1].as_str().expect("text").to_owned()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            // Ends with the test, whatever became of it.
            let _gone = daemon.kill();
            let _gone = daemon.wait();
        }
        for mut helper in self.helpers.drain(..) {
            let _gone = helper.kill();
            let _gone = helper.wait();
        }
        if thread::panicking() {
            // Into the test's captured output, through the one handle that a failing test shows.
            let _unheard = writeln!(std::io::stderr(), "{}", self.log());
            return;
        }
        if self.folder.path().join("state/atalaya.db").exists() {
            self.ledger_adds_up();
        }
    }
}

/// One rule in words that the tests' articles use.
pub const RULE: &str = "[rule.torture]\nlabel = \"Torture\"\nmatch = 'torture OR tortura'\n";

/// The program under test.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_atalaya"));
    command.env_remove("ATALAYA_CONFIG").env_remove("JOURNAL_STREAM").env("NO_COLOR", "1");
    command
}

const INSTALL: &str = "Run the tests with tests/run, which installs what they need";

/// The interpreter that has the packages of tests/requirements.txt.
pub fn interpreter() -> Command {
    let python = std::env::var("ATALAYA_TEST_PYTHON")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/target/test-tools/bin/python").to_owned());
    Command::new(python)
}

/// A tool in Python.
fn tool(script: &str) -> Command {
    let mut command = interpreter();
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools").join(script));
    command
}

/// Runs a tool in Python to its end.
pub fn python(script: &str, arguments: &[&str]) -> Output {
    tool(script).args(arguments).output().unwrap_or_else(|error| panic!("{script}: {error}. {INSTALL}"))
}

/// A tool in Python that prints its port and then JSON lines.
pub fn helper<E: Send + 'static>(
    script: &str,
    arguments: &[&str],
    events: Sender<E>,
    event: impl Fn(Value) -> E + Send + 'static,
) -> (Child, u16) {
    let mut child = tool(script)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{script}: {error}. {INSTALL}"));
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut next = move || -> Option<Value> { serde_json::from_str(&lines.next()?.ok()?).ok() };
    let port = next().and_then(|value| value["port"].as_u64()).unwrap_or_else(|| panic!("{script} gave no port"));
    thread::spawn(move || {
        while let Some(value) = next() {
            if events.send(event(value)).is_err() {
                break;
            }
        }
    });
    (child, u16::try_from(port).expect("a port"))
}

fn listen_to_notifications(path: &Path, events: Sender<Event>) {
    let socket = UnixDatagram::bind(path).expect("a socket");
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length) = socket.recv(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if events.send(Event::Notified(text)).is_err() {
                break;
            }
        }
    });
}

/// An answer of the site.
#[derive(Clone, Debug)]
pub struct Page {
    /// The status code.
    pub status: u16,
    /// Header lines without their ends.
    pub headers: Vec<String>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether the connection is kept open without an answer.
    pub silent: bool,
    /// The body is repeated without end, with this pause between.
    pub endless: Option<Duration>,
}

/// A request as the site heard it.
#[derive(Clone, Debug)]
pub struct Heard {
    /// When it had come whole.
    pub at: Instant,
    /// Request line and headers.
    pub head: String,
}

impl Heard {
    /// Of the request line.
    pub fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or("/")
    }

    /// The value of a header, as it came.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut pairs = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        pairs.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Page {
    /// An HTML page.
    pub fn html(body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: 200,
            headers: vec!["content-type: text/html; charset=utf-8".into()],
            body: body.into(),
            silent: false,
            endless: None,
        }
    }

    /// A feed.
    pub fn xml(body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: 200,
            headers: vec!["content-type: application/rss+xml".into()],
            body: body.into(),
            silent: false,
            endless: None,
        }
    }

    /// An empty answer.
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), silent: false, endless: None }
    }

    /// No answer, ever.
    pub fn silent() -> Self {
        Self { silent: true, ..Self::status(200) }
    }

    /// A redirect.
    pub fn to(status: u16, location: &str) -> Self {
        Self::status(status).with(&format!("location: {location}"))
    }

    /// The same with one more header line.
    #[must_use]
    pub fn with(mut self, header: &str) -> Self {
        self.headers.push(header.into());
        self
    }
}

/// A web site on loopback. What it serves can be changed at any time; each path is a queue of answers whose last one
/// stays.
#[derive(Clone)]
pub struct Site {
    port: u16,
    pages: Arc<Mutex<HashMap<String, Vec<Page>>>>,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Site {
    fn start(events: Sender<Event>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let site = Self { port, pages: Arc::default(), heard: Arc::default() };
        let (pages, heard) = (Arc::clone(&site.pages), Arc::clone(&site.heard));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { break };
                let (pages, heard, events) = (Arc::clone(&pages), Arc::clone(&heard), events.clone());
                thread::spawn(move || answer(stream, &pages, &heard, &events));
            }
        });
        site
    }

    /// Every request so far.
    pub fn heard(&self) -> Vec<Heard> {
        self.heard.lock().expect("no poison").clone()
    }

    /// Every request for a path so far.
    pub fn heard_for(&self, path: &str) -> Vec<Heard> {
        self.heard().into_iter().filter(|heard| heard.path() == path).collect()
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The address of a path by another host name, so that politeness and identity see another site.
    pub fn url_at(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.port)
    }

    /// Serves one answer for a path from now on.
    pub fn serve(&self, path: &str, page: Page) {
        self.serve_in_turn(path, vec![page]);
    }

    /// Serves answers in turn; the last one stays.
    pub fn serve_in_turn(&self, path: &str, pages: Vec<Page>) {
        self.pages.lock().expect("no poison").insert(path.into(), pages);
    }

    /// Serves an article and returns its address.
    pub fn article(&self, path: &str, title: &str, body: &str) -> String {
        self.serve(path, Page::html(article(title, body)));
        self.url(path)
    }

    /// Serves a feed of these (guid, title, link).
    pub fn feed(&self, path: &str, entries: &[(String, String, String)]) {
        self.serve(path, Page::xml(feed(entries)));
    }
}

fn answer(
    mut stream: TcpStream,
    pages: &Mutex<HashMap<String, Vec<Page>>>,
    heard: &Mutex<Vec<Heard>>,
    events: &Sender<Event>,
) {
    let mut head = Vec::new();
    let mut buffer = [0; 2048];
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(length) => head.extend_from_slice(&buffer[..length]),
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or("/").to_owned();
    let page = {
        let mut pages = pages.lock().expect("no poison");
        match pages.get_mut(&path) {
            Some(queue) if queue.len() > 1 => queue.remove(0),
            Some(queue) => queue[0].clone(),
            None => Page::status(404),
        }
    };
    heard.lock().expect("no poison").push(Heard { at: Instant::now(), head });
    let _gone = events.send(Event::Asked(path));
    if page.silent {
        // Waits until the other side gives up.
        while matches!(stream.read(&mut buffer), Ok(length) if length > 0) {}
        return;
    }
    let length =
        if page.endless.is_some() { String::new() } else { format!("content-length: {}\r\n", page.body.len()) };
    let mut answer = format!("HTTP/1.1 {} X\r\n{length}connection: close\r\n", page.status);
    for header in &page.headers {
        let _written = write!(answer, "{header}\r\n");
    }
    answer.push_str("\r\n");
    let mut bytes = answer.into_bytes();
    bytes.extend_from_slice(&page.body);
    let mut going = stream.write_all(&bytes).is_ok();
    while let (true, Some(pause)) = (going, page.endless) {
        thread::sleep(pause);
        going = stream.write_all(&page.body).is_ok();
    }
}

/// A page as papers make them, long enough to be an article.
pub fn article(title: &str, body: &str) -> String {
    // Another title is another report: papers do not print the same two paragraphs under each.
    let mut chance = title.bytes().fold(7_usize, |sum, byte| sum.wrapping_mul(131).wrapping_add(byte.into()));
    let mut sentence = || {
        let mut one_of = |words: &[&'static str]| {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            words[(chance >> 33) % words.len()]
        };
        format!(
            "{} {} {} {} {}.",
            one_of(&[
                "The committee",
                "A lawyer",
                "Two doctors",
                "The ministry",
                "Her brother",
                "A neighbour",
                "The court"
            ]),
            one_of(&[
                "met on Tuesday",
                "wrote last week",
                "said at noon",
                "answered late",
                "had asked before",
                "waited outside"
            ]),
            one_of(&[
                "in the capital",
                "near the harbour",
                "at the old school",
                "behind the market",
                "by the river road"
            ]),
            one_of(&["and heard the families", "and read out a list", "and gave no names", "and asked for a copy"]),
            one_of(&[
                "before the next hearing",
                "without an answer",
                "for the third time",
                "under a grey sky",
                "until the evening"
            ])
        )
    };
    let filler: String = (0..9).map(|_| sentence() + " ").collect();
    format!(
        "<!doctype html><html lang=\"en\"><head><title>{title}</title></head><body><nav><a href=\"/\">Home</a></nav>\
         <article><h1>{title}</h1><p>{body}</p><p>{filler}</p></article>\
         <footer>An invented paper</footer></body></html>"
    )
}

/// An RSS feed of these (guid, title, link), newest first.
pub fn feed(entries: &[(String, String, String)]) -> String {
    let mut items = String::new();
    for (guid, title, link) in entries.iter().rev() {
        let _written = write!(
            items,
            "<item><guid isPermaLink=\"false\">{guid}</guid><title>{title}</title><link>{link}</link>\
             <description>A teaser.</description></item>"
        );
    }
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>An invented paper</title>\
         <link>http://paper.example/</link><description>News</description>{items}</channel></rss>"
    )
}

/// One entry for [`feed`].
pub fn entry(guid: &str, title: &str, link: impl Into<String>) -> (String, String, String) {
    (guid.into(), title.into(), link.into())
}
